"""Layers, on an account in memory: what is stored once, carried, folded, laid out flat, evicted,
repaired and deleted, by the real stages and the shipped router (tests/unit/world)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta

import pytest

from chalicelib.errors import UploadRefused, VersionCorrupt
from chalicelib.manifest import Manifest, decode, manifest_key
from chalicelib.repair import Repair
from chalicelib.route_table import MAX_LAYERS, version_of_key
from chalicelib.rules.site import MAX_FILE_BYTES
from tests.unit.world.account import HOSTING, Account
from tests.unit.world.driver import Driver, Files, Run
from tests.unit.world.viewer import Viewer

CSS, JS = "assets/style.0a1b2c3d.css", "assets/app.{}a1b2c3d.js"


class Site:
    """Deploys to one account and looks at it."""

    def __init__(self) -> None:
        self.account = Account()
        self.driver = Driver(self.account)

    def deploy(self, files: Files, alias: str = "production") -> int:
        """Deploy `files`, a second after the last one; the version's number."""
        self.account.clock.pass_time(timedelta(seconds=1))
        uploaded = self.driver.upload(alias, files)
        assert self.driver.deliver(uploaded).well
        run = self.driver.runs[uploaded.deployment_id]
        while run.task:
            outcome = self.driver.step(run)
            assert outcome.well, outcome
        return self.version_of(run)

    def version_of(self, run: Run) -> int:
        deployment = self.account.records.deployment(run.deployment_id)
        assert deployment is not None
        return deployment.version or 0

    def warnings(self, number: int) -> tuple[str, ...]:
        version = self.account.records.version(number)
        deployment = self.account.records.deployment(version.deployment_id)
        return deployment.warnings if deployment else ()

    def layer(self, number: int) -> set[str]:
        """What the hosting bucket has in a layer."""
        start = f"v{number}/"
        keys = self.account.objects.contents(HOSTING)
        return {key.removeprefix(start) for key in keys if key.startswith(start)}

    def manifest(self, number: int) -> Manifest:
        paper = self.account.objects.peek(HOSTING, manifest_key(number))
        assert paper is not None
        return decode(paper.body)

    def body(self, path: str, alias: str = "production") -> bytes | None:
        view = Viewer(self.account).get(alias, path)
        return view.body if view.status == 200 else None


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.account.close()


def page(text: str, **more: bytes) -> Files:
    return {"index.html": text.encode(), CSS: b"css", **more}


# Sharing --------------------------------------------------------------------------------------


def test_only_what_changed_is_stored(site: Site) -> None:
    first = site.deploy(page("one"))
    second = site.deploy(page("two"))
    assert (site.layer(first), site.layer(second)) == ({"index.html", CSS}, {"index.html"})
    assert (site.body("index.html"), site.body(CSS)) == (b"two", b"css")


def test_without_the_manifest_of_what_is_live_everything_is_stored_anew(site: Site) -> None:
    first = site.deploy(page("one"))
    site.account.objects.delete(HOSTING, [manifest_key(first)])
    second = site.deploy(page("two"))
    assert site.layer(second) == {"index.html", CSS}
    assert site.body("index.html") == b"two"


def test_the_same_zip_again_stores_nothing(site: Site) -> None:
    site.deploy(page("one"))
    again = site.deploy(page("one"))
    assert site.layer(again) == set()
    assert site.body("index.html") == b"one"
    assert site.account.records.alias("production").version == again  # type: ignore[union-attr]


def test_a_preview_shares_with_production(site: Site) -> None:
    site.deploy(page("one"))
    preview = site.deploy(page("preview"), alias="pr-1")
    assert site.layer(preview) == {"index.html"}
    assert (site.body("index.html", "pr-1"), site.body("index.html")) == (b"preview", b"one")


# Open pages -----------------------------------------------------------------------------------


def test_a_chunk_that_the_next_version_lacks_is_still_served_for_a_week(site: Site) -> None:
    old = JS.format(1)
    site.deploy(page("one", **{old: b"old"}))
    site.deploy(page("two"))
    assert site.body(old) == b"old"
    site.account.clock.pass_time(timedelta(days=6))
    site.deploy(page("three"))
    assert site.body(old) == b"old"
    site.account.clock.pass_time(timedelta(days=2))
    site.deploy(page("four"))
    assert site.body(old) is None


def test_after_a_rollback_open_pages_of_what_was_left_find_their_chunks(site: Site) -> None:
    new = JS.format(2)
    first = site.deploy(page("one"))
    site.deploy(page("two", **{new: b"new", "new.html": b"new page"}))
    site.account.admin.rollback("production", leaving=None, by="ana")
    assert site.account.records.alias("production").version == first  # type: ignore[union-attr]
    assert site.body("index.html") == b"one"
    assert site.body(new) == b"new"
    assert site.body("new.html") is None  # a page of another version is none of this one


def test_two_rollbacks_in_a_row_lose_nothing(site: Site) -> None:
    for number in range(1, 5):
        site.deploy(page(f"{number}", **{JS.format(number): b"%d" % number}))
    for _ in range(2):
        site.account.admin.rollback("production", leaving=None, by="ana")
    assert site.body("index.html") == b"2"
    for number in range(1, 5):
        assert site.body(JS.format(number)) == b"%d" % number


# Layout ---------------------------------------------------------------------------------------


def test_a_version_never_refers_to_more_than_64_layers(site: Site) -> None:
    files = page("0")
    for number in range(MAX_LAYERS + 20):
        files |= {f"page-{number}.html": b"%d" % number}
        last = site.deploy(dict(files))
        assert len({one.layer for one in site.manifest(last).every()}) <= MAX_LAYERS
    for path, body in files.items():
        assert site.body(path) == body


def test_a_site_too_large_for_a_table_is_stored_flat_and_says_so(site: Site) -> None:
    site.deploy(page("one"))
    site.account.layout.max_table_bytes = 5  # a real one would take 350,000 files
    flat = site.deploy(page("two"))
    assert site.layer(flat) == {"index.html", CSS}  # the shared file was copied forward
    assert any("stored flat" in warning for warning in site.warnings(flat))
    assert (site.body("index.html"), site.body(CSS)) == (b"two", b"css")


def test_after_a_flat_version_the_next_has_a_table_again(site: Site) -> None:
    most, site.account.layout.max_table_bytes = site.account.layout.max_table_bytes, 5
    flat = site.deploy(page("one"))
    site.account.layout.max_table_bytes = most
    after = site.deploy(page("two"))
    assert site.account.records.version(flat).rules.buckets == 0  # type: ignore[union-attr]
    assert site.account.records.version(after).rules.buckets == 1  # type: ignore[union-attr]
    assert site.layer(after) == {"index.html"}


# The store ------------------------------------------------------------------------------------


def test_a_table_that_was_evicted_comes_back_with_a_switch(site: Site) -> None:
    first = site.deploy(page("one"))
    site.deploy(page("two"))
    site.account.clock.pass_time(timedelta(hours=2))
    assert site.account.tables.evict(first)
    assert not [key for key in site.account.kvs.items if version_of_key(key) == first]
    site.account.admin.switch("production", first, lock=None, by="ana")
    assert site.body("index.html") == b"one"


def test_a_table_that_viewers_need_is_never_evicted(site: Site) -> None:
    first = site.deploy(page("one"))
    live = site.deploy(page("two"))
    assert not site.account.tables.evict(live)
    assert not site.account.tables.evict(first)  # left a moment ago: edges may still read it


def test_repair_makes_the_store_what_the_record_says(site: Site) -> None:
    site.deploy(page("one"))
    site.deploy(page("preview"), alias="pr-1")
    account = site.account
    repair = Repair(account.records, account.store, account.pointing, clock=lambda: 0.0)
    assert repair().repaired == ()
    kept = dict(account.kvs.items)
    account.kvs.items = {"a/pr-1": "{}", "a/gone": "{}"}
    report = repair()
    assert {one.key: one.problem for one in report.repaired} == {
        "a/production": "missing",
        "a/pr-1": "differs",
        "a/gone": "superfluous",
    }
    assert (report.checked, report.more) == (2, False)
    assert account.kvs.items == kept


def test_repair_stops_when_its_time_is_up_and_says_so(site: Site) -> None:
    for name in ("a", "b", "c"):
        site.deploy(page(name), alias=name)
    account = site.account
    account.kvs.items = {}
    times = iter([0.0, 1.0, 99.0])
    repair = Repair(account.records, account.store, account.pointing, clock=lambda: next(times))
    report = repair()
    assert (len(report.repaired), report.checked, report.more) == (1, 1, True)


# Rules ----------------------------------------------------------------------------------------

GONE = {"_redirects": b"/old /gone 410!\n", "decant.toml": b'dialect = "netlify"\n'}


def test_rules_are_no_files_of_the_site_and_go_into_its_manifest(site: Site) -> None:
    number = site.deploy(page("one", **{"gone.html": b"gone"} | GONE))
    assert {"_redirects", "decant.toml"} & site.layer(number) == set()
    (rule,) = site.manifest(number).rules.redirects
    assert (rule.source, rule.target, rule.status) == ("/old", "/gone", 410)


def test_a_page_that_a_rule_shows_with_another_status_is_stored_once_more(site: Site) -> None:
    first = site.deploy(page("one", **{"gone.html": b"gone"}))
    second = site.deploy(page("two", **{"gone.html": b"gone"} | GONE))
    assert site.layer(second) == {"index.html", "_decant/410/gone.html"}
    copied = site.account.objects.peek(HOSTING, f"v{second}/_decant/410/gone.html")
    original = site.account.objects.peek(HOSTING, f"v{first}/gone.html")
    assert copied is not None
    assert original is not None
    assert copied.body == b"gone"
    status = {"x-amz-meta-decant-status": "410"}
    assert dict(copied.headers) == dict(original.headers) | status
    assert (second, "_decant/410/gone.html") in site.manifest(second).objects()
    assert Viewer(site.account).get("production", "old").body == b"gone"


def test_headers_of_rules_are_stored_and_other_ones_make_it_another_file(site: Site) -> None:
    site.deploy(page("one"))
    headed = page("one") | {"_headers": b"/assets/*\n  X-A: 1\n"}
    second = site.deploy(headed)
    assert site.layer(second) == {CSS}
    stored = site.account.objects.peek(HOSTING, f"v{second}/{CSS}")
    assert stored is not None
    assert stored.headers["x-amz-meta-decant-headers"] == '{"x-a":"1"}'
    assert site.layer(site.deploy(headed)) == set()


def test_what_is_ignored_in_rules_is_told_with_the_deployment(site: Site) -> None:
    number = site.deploy(page("one", _redirects=b"/only-a-source\n"))
    (warning,) = site.warnings(number)
    assert warning.startswith("_redirects, line 1: ")


def test_a_site_with_wrong_settings_is_refused_with_the_place(site: Site) -> None:
    uploaded = site.driver.upload("production", page("one") | {"decant.toml": b"nonsense = 1\n"})
    assert site.driver.deliver(uploaded).well
    outcome = site.driver.step(site.driver.runs[uploaded.deployment_id])
    assert isinstance(outcome.error, UploadRefused)
    assert str(outcome.error).startswith("decant.toml, line 1: ")


def test_rules_that_are_too_large_are_refused(site: Site) -> None:
    large = os.urandom(MAX_FILE_BYTES + 1)  # a zip bomb would be refused for that
    uploaded = site.driver.upload("production", page("one") | {"_redirects": large})
    assert site.driver.deliver(uploaded).well
    outcome = site.driver.step(site.driver.runs[uploaded.deployment_id])
    assert isinstance(outcome.error, UploadRefused)
    assert "allowed are 5,242,880" in str(outcome.error)


def test_a_version_tells_how_many_uploads_its_alias_keeps(site: Site) -> None:
    said = {"decant.toml": b"[retention]\nversions = 4\ndays = 0\n"}
    numbers = []
    for text in ("one", "two", "three", "four", "five", "six"):
        site.account.clock.pass_time(timedelta(days=9))
        numbers.append(site.deploy(page(text) | said))
    statuses = [site.account.records.version(number).status for number in numbers]
    # The live one, and four to roll back to; the stage keeps two.
    assert statuses == ["pruned", *["ready"] * 5]


# Pruning --------------------------------------------------------------------------------------


def test_status_pages_go_with_their_version(site: Site) -> None:
    first = site.deploy(page("one", **{"gone.html": b"gone"} | GONE))
    key = f"v{first}/_decant/410/gone.html"
    for text in ("two", "three", "four"):
        site.deploy(page(text))
    site.account.clock.pass_time(timedelta(days=9))
    (leaving, *_) = site.account.prune.objects_of(site.account.prune.plan())
    assert leaving.objects[key] == len(b"gone")
    site.account.prune()
    assert site.account.objects.peek(HOSTING, key) is None
    assert site.layer(first) == {CSS}


def test_the_status_pages_of_what_stays_stay(site: Site) -> None:
    site.deploy(page("one", **{"gone.html": b"gone"}))
    for text in ("two", "three", "four"):
        site.account.clock.pass_time(timedelta(days=9))
        last = site.deploy(page(text, **{"gone.html": b"gone"} | GONE))
    assert "_decant/410/gone.html" in site.layer(last)
    assert Viewer(site.account).get("production", "old").body == b"gone"


def test_nothing_is_deleted_while_the_manifest_of_a_ready_version_is_gone(site: Site) -> None:
    first = site.deploy(page("one"))
    for text in ("two", "three", "four"):
        last = site.deploy(page(text))
    site.account.clock.pass_time(timedelta(days=9))
    lost = site.account.objects.peek(HOSTING, manifest_key(last))
    assert lost is not None
    site.account.objects.delete(HOSTING, [manifest_key(last)])
    kept = set(site.account.objects.contents(HOSTING))
    with pytest.raises(VersionCorrupt, match=f"manifest of v{last} is not there"):
        site.account.prune()
    assert set(site.account.objects.contents(HOSTING)) == kept
    site.account.objects.create_json(HOSTING, manifest_key(last), lost.body)
    site.account.prune()
    assert site.account.records.version(first).status == "pruned"
    assert site.layer(first) == {CSS}


def test_a_shared_file_outlives_the_version_that_brought_it(site: Site) -> None:
    first = site.deploy(page("one", **{"only-one.txt": b"1"}))
    for text in ("two", "three", "four"):
        site.account.clock.pass_time(timedelta(days=9))
        site.deploy(page(text))
    assert site.account.records.version(first).status == "pruned"
    assert site.layer(first) == {CSS}
    assert site.body(CSS) == b"css"


def test_a_dry_run_tells_exactly_what_goes(site: Site) -> None:
    first = site.deploy(page("one", **{"only-one.txt": b"1"}))
    for text in ("two", "three", "four"):
        site.deploy(page(text))
    site.account.clock.pass_time(timedelta(days=9))
    (leaving, *_) = site.account.prune.objects_of(site.account.prune.plan())
    assert leaving.version.number == first
    assert leaving.objects == {f"v{first}/index.html": 3, f"v{first}/only-one.txt": 1}
    assert site.layer(first) == {"index.html", "only-one.txt", CSS}
    site.account.prune()
    assert site.layer(first) == {CSS}
