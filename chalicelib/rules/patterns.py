"""The patterns of `_redirects` and `_headers`: what they are, and how they match an address.

A pattern and an address are paths in the form of `route_table.encode_path`, with a `/` at the
start. So what they spell is compared, not how, and `:` and `*` never stand for themselves.

- `:` is a placeholder for one or more characters of one segment, as many as it can have;
- `*`, once at the most, stands for anything, slashes and nothing included. A segment with `*` has
  no other placeholder.

`edge/router.js` does the same as `match`. Each segment is gone through once: no address, however
long, makes it slow, as it would a regular expression.
"""

from __future__ import annotations


def match(pattern: str, address: str, *, slash_blind: bool = False) -> tuple[str, ...] | None:
    """What the placeholders of `pattern` match in `address`, from left to right; None: no match.

    `slash_blind`: a slash at the end makes no difference, and `/a/*` matches `/a` too; `pattern`
    has no slash at its end then.
    """
    if slash_blind:
        address = "/" + address.strip("/")
    wanted, given = pattern[1:].split("/"), address[1:].split("/")
    star = next((n for n, segment in enumerate(wanted) if "*" in segment), len(wanted))
    after = len(wanted) - star - 1
    missing = len(wanted) - len(given)
    if star == len(wanted):
        return _segments(wanted, given) if missing == 0 else None
    if missing == 1 and slash_blind and wanted[star] == "*":
        return _segments(wanted[:star] + wanted[star + 1 :], given, star)
    if missing > 0:
        return None
    end = len(given) - after
    start, stop = wanted[star].split("*")
    rest = "/".join(given[star:end])
    if len(rest) < len(start) + len(stop) or not (rest.startswith(start) and rest.endswith(stop)):
        return None
    before = _segments(wanted[:star], given[:star])
    behind = _segments(wanted[star + 1 :], given[end:])
    if before is None or behind is None:
        return None
    return (*before, rest[len(start) : len(rest) - len(stop)], *behind)


def captures(pattern: str) -> int:
    """How many placeholders `pattern` has."""
    return pattern.count(":") + pattern.count("*")


def is_pattern(source: str) -> bool:
    """Whether `source` has placeholders: else it is the one address that it matches."""
    return captures(source) > 0


def _segments(
    wanted: list[str], given: list[str], empty_at: int | None = None
) -> tuple[str, ...] | None:
    """The captures of segments, one by one; at `empty_at` one more that is empty."""
    found: list[str] = []
    for number, (pattern, text) in enumerate(zip(wanted, given, strict=True)):
        if number == empty_at:
            found.append("")
        captured = _segment(pattern, text)
        if captured is None:
            return None
        found += captured
    if empty_at == len(wanted):
        found.append("")
    return tuple(found)


def _segment(pattern: str, text: str) -> list[str] | None:
    """The captures of one segment: from the right, since the first takes as much as it can."""
    start, *literals = pattern.split(":")
    if not literals:
        return [] if pattern == text else None
    found: list[str] = []
    end, at = len(text), len(text) - len(literals[-1])
    if not text.endswith(literals[-1]):
        return None
    for literal in reversed(literals[:-1]):
        end, at = at, text.rfind(literal, 0, max(at - 1, 0))
        if at < 0:
            return None
        found.append(text[at + len(literal) : end])
    found.append(text[len(start) : at])
    fits = text.startswith(start) and at > len(start) and all(found)
    return found[::-1] if fits else None
