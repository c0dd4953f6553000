"""The table of a version's redirects: where each rule is kept, and what it takes of the store."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import UploadRefused
from chalicelib.route_table import MAX_BUCKET_BYTES, digest_of, encode_path
from chalicelib.rules.model import Redirect
from chalicelib.rules.redirect_table import (
    MAX_PATTERN_BYTES,
    Action,
    RedirectTable,
    compile_redirects,
    site_path,
)
from tests.unit import sites

SALT = 3
MOST_GROUPS = 48


def rule(source: str, target: str = "/new", line: int = 1, *, forced: bool = True) -> Redirect:
    return Redirect(line, source, target, 301, forced)


def action(redirect: Redirect) -> Action:
    return str(redirect.status), redirect.target


def exact(rules: list[Redirect], salt: int = SALT) -> tuple[str, ...]:
    return compile_redirects(rules, (), salt, action, MOST_GROUPS).exact


def patterns(*rules: Redirect) -> RedirectTable:
    return compile_redirects((), rules, SALT, action, MOST_GROUPS)


def found(buckets: tuple[str, ...], address: str, salt: int = SALT) -> list[str]:
    """What the router finds for an address, by the documented steps: `<status> <target>`."""
    fingerprint, number = digest_of(salt, f">{address}")
    bucket = buckets[number % len(buckets)]
    return [entry[4:] for entry in bucket.split("|") if entry.startswith(fingerprint)]


def rules_in(chunks: tuple[str, ...]) -> list[str]:
    """The rules of a group in their order; all chunks but the last announce the next."""
    assert all(chunk.startswith("+") for chunk in chunks[:-1])
    assert not chunks[-1].startswith("+")
    return [text for chunk in chunks for text in chunk.removeprefix("+").split("|")]


def group_of(segment: str) -> str:
    return digest_of(SALT, f":{segment}").fingerprint[:2]


# Rules that are looked up by address --------------------------------------------------------------


def test_a_bucket_reads_as_documented() -> None:
    (bucket,) = exact([rule("/b", "/to#b"), rule("/a", "https://a.test/?x=1")])
    entries = [
        digest_of(SALT, ">/a").fingerprint + "301 https://a.test/?x=1",
        digest_of(SALT, ">/b").fingerprint + "301 /to#b",
    ]
    assert sorted(bucket.split("|")) == sorted(entries)


def test_without_rules_there_is_no_table() -> None:
    table = compile_redirects((), (), SALT, action, MOST_GROUPS)
    assert table == RedirectTable()
    assert (table.store_entries(7), table.patterns) == ({}, "")


def test_the_first_rule_for_an_address_counts() -> None:
    assert found(exact([rule("/a", "/first"), rule("/a", "/second")]), "/a") == ["301 /first"]


sources = sites.paths.map(lambda path: "/" + encode_path(path))
targets = st.text("abc/", min_size=1, max_size=300).map(lambda text: "/" + text)


@given(st.dictionaries(sources, targets, min_size=1, max_size=80), st.integers(0, 63))
def test_every_rule_is_found_in_its_bucket_and_nothing_else(
    wanted: dict[str, str], salt: int
) -> None:
    buckets = exact([rule(source, target) for source, target in wanted.items()], salt)
    assert max(map(len, buckets)) <= MAX_BUCKET_BYTES
    for source, target in wanted.items():
        assert found(buckets, source, salt) == [f"301 {target}"]
    assert sum(len(bucket.split("|")) for bucket in buckets if bucket != "-") == len(wanted)


def test_ten_thousand_rules_fit_in_buckets_of_a_thousand_bytes() -> None:
    rules = [rule(f"/old/{n}", f"/new/somewhere/else/{n}") for n in range(10_000)]
    buckets = exact(rules)
    sizes = [len(bucket) for bucket in buckets]
    assert max(sizes) <= MAX_BUCKET_BYTES
    assert min(sizes) > 0
    assert len(sizes) < 1_000  # a third of a megabyte in buckets that are half full
    for one in rules:
        assert found(buckets, one.source) == [f"301 {one.target}"]


def test_rules_of_the_greatest_length_have_buckets_of_their_own() -> None:
    rules = [rule(f"/{n}", "/" + "x" * 900) for n in range(20)]
    buckets = exact(rules)
    assert max(map(len, buckets)) <= MAX_BUCKET_BYTES
    assert all(found(buckets, one.source) for one in rules)


def test_the_table_does_not_depend_on_the_order_of_rules_for_other_addresses() -> None:
    rules = [rule(f"/{n}", f"/to/{n}") for n in range(200)]
    assert exact(rules) == exact(rules[::-1])


# Rules that are tried in turn ---------------------------------------------------------------------


def test_a_rule_reads_as_documented() -> None:
    full = Redirect(1, "/a/*", "/b/*0?x=*1", 302, True, (("id", "*1"), ("to", "x%20y")), True)
    plain = Redirect(2, "/a/:", "/c", 301, False)
    table = patterns(full, plain)
    assert table.groups == ((group_of("a"), ("302!n /a/* /b/*0?x=*1 id=*1&to=x%20y|301 /a/: /c",)),)


def test_a_group_has_the_rules_of_its_segment_and_those_for_any_in_their_order() -> None:
    rules = [rule("/a/*", "/1"), rule("/:/x", "/2"), rule("/b/*", "/3"), rule("/a/:", "/4")]
    groups = dict(patterns(*rules).groups)
    assert groups.keys() == {group_of("a"), group_of("b"), "any"}

    def lines(name: str) -> list[str]:
        return [text.split(" ")[2] for text in rules_in(groups[name])]

    assert lines(group_of("a")) == ["/1", "/2", "/4"]
    assert lines(group_of("b")) == ["/2", "/3"]
    assert lines("any") == ["/2"]


def test_a_rule_that_has_to_wait_for_its_turn_is_in_the_group_of_its_first_segment() -> None:
    table = patterns(rule("/a/b", "/1"), rule("/", "/2"))
    assert {name for name, _ in table.groups} == {group_of("a"), group_of("")}


def test_the_record_names_the_groups() -> None:
    names = sorted([group_of("a"), group_of("b")])
    assert patterns(rule("/a/*"), rule("/b/*")).patterns == "".join(names)
    assert patterns(rule("/a/*"), rule("/b/*"), rule("/*")).patterns == "".join(names) + "*"
    assert patterns(rule("/*")).patterns == "*"


def test_the_entries_of_the_store_are_named_by_version_group_and_chunk() -> None:
    rules = [rule("/a/*", "/" + "x" * 600), rule("/a/:", "/" + "y" * 600)]
    table = compile_redirects([rule("/x")], rules, SALT, action, MOST_GROUPS)
    name = group_of("a")
    assert table.store_entries(42).keys() == {"r/42/0", f"p/42/{name}/0", f"p/42/{name}/1"}
    assert table.store_entries(42)["r/42/0"] == table.exact[0]


@given(st.lists(st.integers(1, 900), min_size=1, max_size=40))
def test_chunks_are_under_a_thousand_bytes_and_keep_the_order(lengths: list[int]) -> None:
    rules = [rule(f"/a/{n}/*", "/" + "x" * length) for n, length in enumerate(lengths)]
    ((_, chunks),) = patterns(*rules).groups
    assert max(map(len, chunks)) <= MAX_BUCKET_BYTES
    assert rules_in(chunks) == [f"301! {one.source} {one.target}" for one in rules]


def test_a_chunk_that_another_follows_says_so() -> None:
    rules = [rule(f"/a/{n}/*", "/" + "x" * 300) for n in range(7)]
    ((_, chunks),) = patterns(*rules).groups
    assert [chunk.startswith("+") for chunk in chunks] == [True, True, False]


def test_above_48_first_segments_all_rules_are_in_one_group() -> None:
    segments: dict[str, str] = {}  # of groups that differ
    number = 0
    while len(segments) <= MOST_GROUPS:
        segments.setdefault(group_of(f"s{number}"), f"/s{number}/*")
        number += 1
    rules = [rule(source) for source in segments.values()]
    most = patterns(*rules[:-1])
    assert len(most.patterns) == 2 * MOST_GROUPS
    assert len(most.groups) == MOST_GROUPS
    more = patterns(*rules)
    assert more.patterns == "*"
    ((name, chunks),) = more.groups
    assert name == "any"
    assert [text.split(" ")[1] for text in rules_in(chunks)] == [one.source for one in rules]


def test_patterns_that_take_more_than_256_kb_are_refused() -> None:
    many = [rule(f"/a/{n:06d}/*", "/" + "x" * 479) for n in range(600)]
    size = sum(len(chunk) for chunk in patterns(*many[:500]).groups[0][1])
    assert size <= MAX_PATTERN_BYTES
    with pytest.raises(UploadRefused, match=r"take [0-9,]+ bytes, allowed are 262,144: use fewer"):
        patterns(*many)


def test_rules_for_any_segment_count_in_each_group() -> None:
    segments = [rule(f"/s{n}/*") for n in range(40)]
    anywhere = [rule(f"/:/{n:04d}", "/" + "x" * 80) for n in range(80)]
    patterns(*anywhere)
    with pytest.raises(UploadRefused, match="begin with a placeholder"):
        patterns(*segments, *anywhere)


@pytest.mark.parametrize(
    ("source", "path"), [("/", ""), ("/a/", "a"), ("/a%20b/%C3%A9.html", "a b/é.html")]
)
def test_what_is_marked_is_the_decoded_address_without_slashes_at_its_ends(
    source: str, path: str
) -> None:
    assert site_path(source) == path
