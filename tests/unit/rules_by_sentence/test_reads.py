"""What requests cost: reads of the KeyValueStore, each of which AWS bills."""

from __future__ import annotations

from pathlib import Path

import pytest

from decant.preview.requests import request_for
from tests.unit.decant.preview.folders import edge
from tests.unit.rules_by_sentence.sentences import Sentence, opened

PATTERNS = "\n".join(f"/many/p{n:03}-*  /target/of/a/rule/that/takes/its/room" for n in range(60))
REDIRECTS = f"""
/old /about 301
/blog/:slug /posts/:slug 200
/shown/:x /about 200
{PATTERNS}
"""
FILES = ("about.html", "docs/index.html", "posts/tea.html", "404.html")


class _Counting(dict[str, str]):
    """A store that counts."""

    reads = 0

    def get(self, key: str, default: str | None = None) -> str | None:  # type: ignore[override]
        # dict's own is overloaded; the runner calls it in this way only.
        self.reads += 1
        return super().get(key) or default


def reads(place: Path, address: str, redirects: str = REDIRECTS, cookie: str = "") -> int:
    site = opened(Sentence("", {}, redirects=redirects, files=FILES), place)
    store = _Counting(site.compiled.store)
    cookies = {"decant": cookie} if cookie else {}
    request = request_for(address, cookies=cookies)
    edge().route(request.event(), store, request.query)
    return store.reads


@pytest.mark.parametrize(
    ("address", "count"),
    [
        ("/?decant=v1", 0),
        ("/%zz", 0),
        ("/", 2),
        ("/about.html", 2),
        ("/nothing", 2),
        ("/nothing.js", 2),
        ("/old", 3),
        ("/shown/x", 3),
        ("/blog/tea", 4),
        ("/many/p000-x", 3),
    ],
)
def test_a_request_takes_two_reads_and_one_for_each_rule_that_is_about_it(
    address: str, count: int, tmp_path: Path
) -> None:
    assert reads(tmp_path, address) == count


def test_a_segment_costs_a_read_for_each_kilobyte_of_its_rules_until_one_matches(
    tmp_path: Path,
) -> None:
    kilobytes = -(-len(PATTERNS) // 1000)
    assert kilobytes - 1 <= reads(tmp_path, "/many/none") - 2 <= kilobytes + 1
    assert reads(tmp_path, "/many/p030-x") < reads(tmp_path, "/many/none")


def test_a_rule_that_begins_with_a_placeholder_costs_every_address_a_read(tmp_path: Path) -> None:
    assert reads(tmp_path, "/about", "/:lang/about /about") == 3


def test_exact_rules_cost_other_addresses_nothing(tmp_path: Path) -> None:
    redirects = "\n".join(f"/old{n} /about" for n in range(2000))
    assert reads(tmp_path, "/about", redirects) == 2


def test_a_preview_of_a_version_takes_one_more(tmp_path: Path) -> None:
    assert reads(tmp_path, "/", cookie="v1") == 3
