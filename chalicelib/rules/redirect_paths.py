"""The addresses in a line of `_redirects`, brought into the form that `model` and `patterns` want.

Pure. Who writes `/caf%c3%a9`, `/café` or `//café` means one address, and viewers' browsers send it
in yet another way: so everything is decoded, then encoded as the router does it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

from chalicelib.route_table import encode_path

SPLAT = "splat"  # the name of what `*` matches
_NAME = re.compile(r":([A-Za-z]\w*)", re.ASCII)
_PLACEHOLDER = re.compile(r":[A-Za-z]\w*|\*", re.ASCII)
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
# Half a surrogate pair is no character, and cannot be encoded.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_ABSOLUTE = re.compile(r"https?://", re.IGNORECASE)
_PORT = re.compile(r":[0-9]*$")
_AFTER_PATH = re.compile(r"[?#]")
_PLAIN = re.compile(r"[\w.~-]*", re.ASCII)  # what encode_path leaves as it is
_HEX = frozenset("0123456789abcdefABCDEF")
# What stays as it is written in a URL: visible ASCII without what no URL has, and without `*`.
_KEPT = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '|"<>\\^`{}*')
_SHOWN = 60  # characters of a line that a finding repeats


class Ignored(Exception):
    """A line is not taken. Its text is the sentence that says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Source:
    """A pattern (see `patterns`) and the names of its placeholders, from left to right."""

    pattern: str
    names: tuple[str, ...]


def shown(text: str) -> str:
    """`text` as a finding repeats it: short, and harmless to a terminal."""
    visible = "".join(one if one.isprintable() else "?" for one in text)
    return f"`{visible[:_SHOWN]}…`" if len(visible) > _SHOWN else f"`{visible}`"


def is_absolute(text: str) -> bool:
    """Whether `text` is a URL with a scheme."""
    return _ABSOLUTE.match(text) is not None


def name_of(text: str) -> str | None:
    """The name when `text` is one placeholder `:name`, and nothing else."""
    found = _NAME.fullmatch(text)
    return found[1] if found else None


def path_part(target: str) -> str:
    """`target` up to its query or fragment."""
    return _AFTER_PATH.split(target, maxsplit=1)[0]


def read_source(text: str) -> Source:
    """The pattern of the path `text`, which starts with `/`. Raises Ignored."""
    if text.count("*") > 1:
        raise Ignored(f"{shown(text)} has two `*`, allowed is one: use `:name` for a segment.")
    segments, names = [], []
    for segment in filter(None, text.split("/")):
        pattern, found = _source_segment(segment)
        segments.append(pattern)
        names += found
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise Ignored(f"`:{twice}` is used twice in {shown(text)}: give each its own name.")
    return Source(_joined(segments, text), tuple(names))


def read_value(text: str) -> str:
    """A name or value of a query in the form of `encode_path`: a `+` is a plus. Raises Ignored."""
    return encode_path(_decoded(text))


def read_target(text: str, names: Sequence[str]) -> str:
    """The target `text`, its `:name`s replaced by their index in `names`. Raises Ignored."""
    if _CONTROL.search(text):
        raise Ignored(f"The target {shown(text)} has a control character: remove it.")
    if is_absolute(text):
        host = path_part(text.partition("://")[2]).partition("/")[0].rpartition("@")[2]
        if not _PORT.sub("", host):
            raise Ignored(f"The target {shown(text)} has no host: write one after the `//`.")
        return _kept(text, names)
    path = path_part(text)
    segments = [_target_segment(segment, names) for segment in filter(None, path.split("/"))]
    return _joined(segments, path) + _kept(text[len(path) :], names)


def unknown_names(text: str, names: Sequence[str]) -> tuple[str, ...]:
    """What looks like a `:name` in the target `text` and is none of `names`."""
    found = (name for literal in _split(text, names)[::2] for name in _NAME.findall(literal))
    return tuple(dict.fromkeys(found))


def numbered(pattern: str) -> str:
    """`pattern` as a target that leads to the very address it has matched."""
    literal, *others = re.split(r"[:*]", pattern)
    return literal + "".join(f"*{index}{text}" for index, text in enumerate(others))


def _joined(segments: Sequence[str], written: str) -> str:
    slash = "/" if segments and written.endswith("/") else ""
    return "/" + "/".join(segments) + slash


def _source_segment(text: str) -> tuple[str, list[str]]:
    """(pattern, names) of one segment."""
    marks = _PLACEHOLDER.findall(text)
    if not marks:
        return _segment(text), []
    if "*" in marks and len(marks) > 1:
        raise Ignored(
            f"{shown(text)} has both `*` and `:name` between two slashes, which no address is "
            "matched by: give each its own segment."
        )
    first, *others = (_literal(piece) for piece in _PLACEHOLDER.split(text))
    pattern = first
    for number, (mark, literal) in enumerate(zip(marks, others, strict=True), start=1):
        if not literal and number < len(marks):
            raise Ignored(f"Nothing parts the placeholders in {shown(text)}: put a `-` between.")
        # Addresses are compared encoded: the `a` of `*a` might be the end of `%0a`.
        if literal and (literal[0] in _HEX or (mark == "*" and literal[0] == "%")):
            raise Ignored(
                f"What follows `{mark}` in {shown(text)} may also be the end of an escape such as "
                "`%2F`: let another character follow, such as `-`, or nothing."
            )
        pattern += mark[0] + literal
    return pattern, [SPLAT if mark == "*" else mark[1:] for mark in marks]


def _target_segment(text: str, names: Sequence[str]) -> str:
    pieces = _split(text, names)
    if len(pieces) == 1:
        return _segment(text)
    return "".join(
        f"*{names.index(piece)}" if number % 2 else _literal(piece)
        for number, piece in enumerate(pieces)
    )


def _segment(text: str) -> str:
    """A whole segment without placeholders, encoded."""
    found = _literal(text)
    if found in {".", ".."}:
        raise Ignored(f"No address has a segment {shown(text)}: write the path in full.")
    return found


def _literal(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return text  # nearly all are, and there may be tens of thousands
    decoded = _decoded(text)
    if "/" in decoded or "\\" in decoded:
        raise Ignored(
            f"{shown(text)} has a slash or backslash in a name, which no file's address has: "
            "separate folders with `/`."
        )
    return encode_path(decoded)


def _decoded(text: str) -> str:
    if _BAD_ESCAPE.search(text):
        raise Ignored(f"A `%` in {shown(text)} starts no escape: write `%25` for a percent sign.")
    if _CONTROL.search(text):
        raise Ignored(f"{shown(text)} has a control character: remove it.")
    try:
        decoded = unquote_to_bytes(text).decode()
    except UnicodeError:
        raise Ignored(f"The escapes in {shown(text)} are not UTF-8: encode it anew.") from None
    if _CONTROL.search(decoded):
        raise Ignored(f"{shown(text)} has an escaped control character: remove it.")
    return decoded


def _kept(text: str, names: Sequence[str]) -> str:
    """Part of a URL as it is written, escaped only where a header could not have it."""
    return "".join(
        f"*{names.index(piece)}" if number % 2 else quote(piece, safe=_KEPT)
        for number, piece in enumerate(_split(text, names))
    )


def _split(text: str, names: Sequence[str]) -> list[str]:
    """Text, name, text ... text. Replacing is plain: `:id` is found in `:idx` as well, unless that
    is a name, too."""
    if not names:
        return [text]
    longest_first = sorted(names, key=len, reverse=True)
    return re.split(f":({'|'.join(longest_first)})", text)
