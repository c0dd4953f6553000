"""The redirects of one version, in pieces small enough for the KeyValueStore.

Pure. `edge/router/redirects.js` reads what this module writes; the two must agree:

- Rules that match one address only are looked up by key. In the route table a mark beside the
  address's files says that there is one, so that all other requests pay nothing. Bucket
  `r/<version>/<n>` has entries `<fingerprint><action>`, `|` between them; fingerprint and bucket
  are those of the salt, a `>` and the address (without a slash at its end in slash-blind dialects).
- All others are tried in their order, in chunks `p/<version>/<group>/<n>`: those whose first
  segment is a placeholder are in every group, the others in that of their first segment. The
  group's name is the first two characters of the fingerprint of the salt, a `:` and the segment,
  or `any` for segments that no rule begins with. A chunk is rules with `|` between them, a `+` in
  front when another chunk follows; a rule is `<status><flags> <source> <target> <query>`.
- Status and target are what to do: `000` show the object at the target (an address of the origin),
  `200` look the target up, `404` show what is shown for missing pages, others redirect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from chalicelib.errors import UploadRefused
from chalicelib.route_table import MAX_BUCKET_BYTES, digest_of
from chalicelib.rules.model import Redirect
from chalicelib.rules.patterns import is_pattern

MAX_PATTERN_BYTES = 256 * 1024  # of the store, for one version
_ANY = "any"

Action = tuple[str, str]  # status of three digits, target


@dataclass(frozen=True, slots=True)
class RedirectTable:
    """`exact` are the buckets, `groups` the chunks of each group of patterns."""

    exact: tuple[str, ...] = ()
    groups: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def patterns(self) -> str:
        """The groups, as the alias record has them: two characters each, a `*` for any other."""
        names = [name for name, _ in self.groups]
        return "".join(name for name in names if name != _ANY) + "*" * (_ANY in names)

    def store_entries(self, version: int) -> dict[str, str]:
        """The KeyValueStore entries (key -> value, each under 1 KB)."""
        entries = {f"r/{version}/{n}": bucket for n, bucket in enumerate(self.exact)}
        for name, chunks in self.groups:
            entries |= {f"p/{version}/{name}/{n}": chunk for n, chunk in enumerate(chunks)}
        return entries


def site_path(source: str) -> str:
    """The site path (decoded, no slash at its ends) of an exact rule's source: what is marked."""
    return unquote(source.strip("/"))


def compile_redirects(
    exact: Iterable[Redirect],
    others: Iterable[Redirect],
    salt: int,
    action: Callable[[Redirect], Action],
    most_groups: int,
) -> RedirectTable:
    """The table of rules that are looked up by key, and of those that are tried in their order.

    With more first segments than `most_groups`, for which there is no room in the alias record,
    there is one group only, which every request has to look at.

    Raises UploadRefused when the patterns take more than 256 KB.
    """
    entries: dict[str, str] = {}
    for rule in exact:
        entries.setdefault(rule.source, "{} {}".format(*action(rule)))  # the first match counts
    return RedirectTable(_buckets(entries, salt), _groups(tuple(others), salt, action, most_groups))


def _buckets(entries: Mapping[str, str], salt: int) -> tuple[str, ...]:
    if not entries:
        return ()
    keyed = [
        ((digest := digest_of(salt, f">{source}")).number, digest.fingerprint + entry)
        for source, entry in sorted(entries.items())
    ]
    count = max(1, sum(len(entry) + 1 for _, entry in keyed) // MAX_BUCKET_BYTES)
    while True:
        buckets: list[dict[str, str]] = [{} for _ in range(count)]
        for number, entry in keyed:
            buckets[number % count][entry[:4]] = entry
        values = tuple("|".join(bucket.values()) or "-" for bucket in buckets)
        apart = sum(map(len, buckets)) == len(keyed)
        if apart and max(map(len, values)) <= MAX_BUCKET_BYTES:
            return values
        count += 1 + count // 16


def _groups(
    rules: Sequence[Redirect],
    salt: int,
    action: Callable[[Redirect], Action],
    most_groups: int,
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if not rules:
        return ()
    group_of = [_group(rule.source, salt) for rule in rules]
    names = sorted(set(group_of) - {_ANY})
    if len(names) > most_groups:
        names, group_of = [], [_ANY] * len(rules)
    texts = [_text(rule, action(rule)) for rule in rules]
    groups = []
    for name in (*names, _ANY):
        wanted = {name, _ANY}
        chosen = [text for text, group in zip(texts, group_of, strict=True) if group in wanted]
        if chosen:
            groups.append((name, tuple(_chunks(chosen))))
    size = sum(len(chunk) for _, chunks in groups for chunk in chunks)
    if size > MAX_PATTERN_BYTES:
        raise UploadRefused(
            f"The patterns of _redirects take {size:,} bytes, allowed are {MAX_PATTERN_BYTES:,}: "
            "use fewer rules that begin with a placeholder."
        )
    return tuple(groups)


def _group(source: str, salt: int) -> str:
    first = source[1:].partition("/")[0]
    return _ANY if is_pattern(first) else digest_of(salt, f":{first}").fingerprint[:2]


def _text(rule: Redirect, action: Action) -> str:
    flags = "!" * rule.forced + "n" * rule.navigation
    query = "&".join(f"{name}={value}" for name, value in rule.query)
    status, target = action
    return f"{status}{flags} {rule.source} {target} {query}".rstrip()


def _chunks(texts: Iterable[str]) -> Iterator[str]:
    """The rules in values of at most 1,000 bytes; a `+` before all but the last."""
    chunk = ""
    for text in texts:
        longer = f"{chunk}|{text}" if chunk else text
        if chunk and len(longer) >= MAX_BUCKET_BYTES:
            yield "+" + chunk
            longer = text
        chunk = longer
    yield chunk
