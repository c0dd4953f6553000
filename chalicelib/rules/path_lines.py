"""The paths that a block of `_headers` or a line of `[cache]` is for, in the two dialects.

Pure. A path becomes a pattern as `patterns` has it, so that what it spells is compared.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from chalicelib.route_table import encode_path
from chalicelib.rules.model import Dialect
from chalicelib.rules.patterns import match

SPLAT = "splat"
_PLACEHOLDER = re.compile(r":([A-Za-z][A-Za-z0-9_]*)")  # `split` then gives text, name, text ...
_PLACE = re.compile(r"[:*]")
_STARS = re.compile(r"\*+")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_FORBIDDEN = re.compile(r"[/\\\x00-\x1f\x7f-\x9f]")
# A `*` that is a whole segment, a placeholder, any other `*`, or literal text.
_PIECE = re.compile(r"/\*(?![^/])|:|\*|(?:(?!/\*(?![^/]))[^:*])+")


class BadPath(ValueError):
    """A path that can be none; the message says what it has (`it ...`) and what to write."""


@dataclass(frozen=True, slots=True)
class PathPattern:
    """Which addresses are meant. `names` are those of the placeholders from left to right.

    `start` is what comes before the first placeholder: all of `text` when there is none.
    Netlify's patterns may have several `*`, take no notice of the case of A to Z nor of a slash at
    the end, and have no names, since nothing can be put in for them.
    """

    text: str
    start: str
    dialect: Dialect
    names: tuple[str, ...] = ()

    def captured(self, compared: Iterable[str]) -> dict[str, str] | None:
        """What each name stands for in the first of the `comparable` addresses that matches.

        None: none does.
        """
        for address in compared:
            if not address.startswith(self.start):
                continue
            if self.start == self.text:
                if address == self.text:
                    return {}
            elif self.dialect == "netlify":
                if _matches(self.text, address):
                    return {}
            elif (found := match(self.text, address)) is not None:
                return dict(zip(self.names, found, strict=True))
        return None


def comparable(addresses: Sequence[str], dialect: Dialect) -> list[str]:
    """Those of a file's `addresses` (encoded, the canonical one first) that count, as compared."""
    if dialect == "cloudflare":
        return [*addresses[:1]]
    return ["/" + address.strip("/").lower() for address in addresses]


def read_path(text: str, dialect: Dialect) -> PathPattern:
    """The pattern that `text` (from `/` on) is in `dialect`.

    Raises BadPath when no address could match it, or its placeholders cannot be told apart.
    """
    if not text.startswith("/"):
        raise BadPath("does not begin with /: write the path from the site's root")
    if "?" in text or "#" in text:
        raise BadPath("has a ? or #, which end a path: write %3F or %23 when they belong to it")
    return _netlify(text) if dialect == "netlify" else _cloudflare(text)


def _cloudflare(text: str) -> PathPattern:
    segments = text[1:].split("/")
    if "" in segments[:-1]:
        raise BadPath("has two slashes in a row, which no address has: write one")
    names = [SPLAT if found == "*" else found[1:] for found in _placeholders(text)]
    if text.count("*") > 1:
        raise BadPath("has more than one *: write a block for each folder, or one * at the end")
    if len(set(names)) < len(names):
        raise BadPath(
            "has two placeholders of one name (that of * is splat): give each its own name"
        )
    if any("*" in segment and len(_placeholders(segment)) > 1 for segment in segments):
        raise BadPath("has a * beside a placeholder: put a / between them")
    encoded = (_segment(segment, _PLACEHOLDER) for segment in segments)
    pattern = "/" + "/".join(encoded)
    start = _PLACE.split(pattern, maxsplit=1)[0]
    return PathPattern(pattern, start, "cloudflare", tuple(names))


def _netlify(text: str) -> PathPattern:
    encoded = (
        ":" if segment.startswith(":") else _segment(_STARS.sub("*", segment), None)
        for segment in text.split("/")
        if segment
    )
    pattern = ("/" + "/".join(encoded)).lower()
    first = _PIECE.findall(pattern)[0]
    return PathPattern(pattern, "" if first == "/*" else first, "netlify")


def _placeholders(text: str) -> list[str]:
    """The placeholders of `text` as they are written, `*` among them."""
    return [found.group() for found in re.finditer(rf"\*|{_PLACEHOLDER.pattern}", text)]


def _segment(segment: str, placeholder: re.Pattern[str] | None) -> str:
    """`segment` with its placeholders as `:`, its `*` kept and all else encoded."""
    wild = [placeholder.split(part)[::2] if placeholder else [part] for part in segment.split("*")]
    encoded = "*".join(":".join(map(_encoded, literals)) for literals in wild)
    if encoded in {".", ".."}:
        raise BadPath("has a segment . or .., which no address has: write the path without it")
    return encoded


def _encoded(literal: str) -> str:
    if _BAD_ESCAPE.search(literal):
        raise BadPath("has a % that begins no escape: write %25 for a percent sign")
    try:
        decoded = unquote_to_bytes(literal).decode()
    except UnicodeError:
        raise BadPath("is not UTF-8: write the character itself, or its escapes in UTF-8") from None
    if _FORBIDDEN.search(decoded):
        raise BadPath("has a \\, an escaped / or a control character, which no address has")
    return encode_path(decoded)


def _matches(pattern: str, text: str) -> bool:
    """Whether Netlify's `pattern` matches the address `text`, both in lower case.

    All places that each piece can end at are found at once: no address, however long, makes it
    slow, as it would a regular expression.
    """
    ends: Collection[int] = (0,)
    for piece in _PIECE.findall(pattern):
        ends = _ends(piece, text, ends)
        if not ends:
            return False
    return len(text) in ends


def _ends(piece: str, text: str, starts: Collection[int]) -> Collection[int]:
    """Where `piece` can end in `text` when it begins at one of `starts`, which are not none."""
    if piece == "/*":  # nothing, or a slash and anything
        starts = [at for at in starts if text[at : at + 1] in {"", "/"}]
    if piece in {"*", "/*"}:
        return range(min(starts), len(text) + 1) if starts else ()
    if piece == ":":  # a whole segment; it has a slash before it
        found = ((at, text.find("/", at)) for at in starts)
        return [len(text) if end < 0 else end for at, end in found if end != at < len(text)]
    return [at + len(piece) for at in starts if text.startswith(piece, at)]
