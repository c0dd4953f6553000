"""Which rules of `_redirects` meet: one behind another that takes its address, one and itself.

Pure. Of the rules behind others only those for one address (exact ones) are looked at: whether one
pattern takes all that another does is hard to tell, and seldom asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from chalicelib.rules.model import Dialect, Redirect
from chalicelib.rules.patterns import is_pattern, match
from chalicelib.rules.redirect_lines import CAPTURE, REDIRECTS
from chalicelib.rules.redirect_paths import is_absolute, numbered, path_part

_PLACEHOLDER = re.compile(r"[:*]")
_ANY_TEXT = "\0"  # in no pattern: what a placeholder has matched, whatever it is


class _Node:
    """A step in a tree of patterns, segment by segment."""

    __slots__ = ("ends", "literal", "parts", "stars")

    def __init__(self) -> None:
        self.literal: dict[str, _Node] = {}
        self.parts: dict[tuple[str, str], _Node] = {}  # start and end of a segment with `:`
        self.stars: list[tuple[str, str, Redirect]] = []  # start of this segment, end of the last
        self.ends: list[Redirect] = []


class _Earlier:
    """Rules that have been passed. Those that match an address are found without trying all of
    them: 10,000 addresses and 500 patterns make 5,000,000 pairs."""

    def __init__(self, dialect: Dialect) -> None:
        self._slash_blind = dialect == "netlify"
        self._exact: dict[str, list[Redirect]] = {}
        self._root = _Node()

    def add(self, rule: Redirect) -> None:
        if not is_pattern(rule.source):
            self._exact.setdefault(rule.source, []).append(rule)
            return
        node = self._root
        segments = rule.source[1:].split("/")
        for segment in segments:
            literals = _PLACEHOLDER.split(segment)
            if "*" in segment:
                node.stars.append((literals[0], _PLACEHOLDER.split(segments[-1])[-1], rule))
                return
            if ":" in segment:
                node = node.parts.setdefault((literals[0], literals[-1]), _Node())
            else:
                node = node.literal.setdefault(segment, _Node())
        node.ends.append(rule)

    def matching(self, address: str) -> Iterator[Redirect]:
        """The rules that match `address`, in no order."""
        yield from self._exact.get(address, ())
        for rule in self._likely(address[1:].split("/")):
            if match(rule.source, address, slash_blind=self._slash_blind) is not None:
                yield rule

    def _likely(self, segments: list[str]) -> Iterator[Redirect]:
        """Few rules, among them all that match."""
        nodes = [self._root]
        for segment in segments:
            following: list[_Node] = []
            for node in nodes:
                for start, end, rule in node.stars:
                    if segment.startswith(start) and segments[-1].endswith(end):
                        yield rule
                for (start, end), child in node.parts.items():
                    if segment.startswith(start) and segment.endswith(end):
                        following.append(child)
                if segment in node.literal:
                    following.append(node.literal[segment])
            nodes = following
        for node in nodes:
            yield from node.ends
            yield from (rule for _, _, rule in node.stars)  # `/a/*` may be for `/a`, too


def hidden(rules: Iterable[Redirect], dialect: Dialect) -> Mapping[int, Redirect]:
    """The exact rules that can never apply: line -> the earlier rule that takes their address.

    That rule takes it always: it has no conditions, and applies also where the site has a file,
    or the hidden one does not either.
    """
    found: dict[int, Redirect] = {}
    earlier = _Earlier(dialect)
    for rule in rules:
        if not is_pattern(rule.source):
            taking = [one for one in earlier.matching(rule.source) if one.forced or not rule.forced]
            if taking:
                found[rule.line] = min(taking, key=lambda one: one.line)
                continue
        if not (rule.query or rule.navigation):
            earlier.add(rule)
    return found


def keyed(rules: Iterable[Redirect], dialect: Dialect) -> frozenset[int]:
    """The lines of the rules that may be looked up by address before all others are tried.

    Those are exact, without conditions, and no earlier rule could match their address. An exact
    rule behind one that takes its address only sometimes (for a query, for navigation, where the
    site has no file) has to keep its place: it is tried in turn, as patterns are.
    """
    found: set[int] = set()
    earlier = _Earlier(dialect)
    for rule in rules:
        exact = not (is_pattern(rule.source) or rule.query or rule.navigation)
        if exact and next(earlier.matching(rule.source), None) is None:
            found.add(rule.line)
        else:
            earlier.add(rule)
    return frozenset(found)


def circling(rules: Iterable[Redirect], dialect: Dialect) -> frozenset[int]:
    """The lines of redirects to an address that they match themselves, whatever the site's files.

    An earlier rule for that address may end the circle: `/soon /soon.html 200`, `/* /soon 302`.
    """
    found: set[int] = set()
    earlier = _Earlier(dialect)
    for rule in rules:
        address = CAPTURE.sub(_ANY_TEXT, path_part(rule.target))
        if _matches_own_target(rule, address, dialect) and not any(earlier.matching(address)):
            found.add(rule.line)
        else:
            earlier.add(rule)
    return frozenset(found)


def _matches_own_target(rule: Redirect, address: str, dialect: Dialect) -> bool:
    """Whether a redirect applies to `address`, which it leads to.

    One that is not forced ends where the site has a file: `/* /moved 302` does no harm. A target
    with a query of its own may not meet the rule's conditions again.
    """
    path = path_part(rule.target)
    if rule.status not in REDIRECTS or is_absolute(path) or (rule.query and path != rule.target):
        return False
    if not rule.forced and is_pattern(rule.source):
        return path.rstrip("/") == numbered(rule.source).rstrip("/")
    return match(rule.source, address, slash_blind=dialect == "netlify") is not None
