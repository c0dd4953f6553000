"""What the lines of `_redirects` have in common in both dialects.

Pure. `redirects_of_cloudflare` and `redirects_of_netlify` read a line's tokens (its comment is cut
off), and raise Ignored, with the sentence to tell, for what is not taken.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.rules.model import MAX_CAPTURES, Dialect, Redirect, Severity
from chalicelib.rules.redirect_paths import (
    SPLAT,
    Ignored,
    is_absolute,
    read_target,
    shown,
    unknown_names,
)

MAX_TARGET_BYTES = 900  # a value of the KeyValueStore is 1 KB, and has the status, too

REDIRECTS = frozenset({301, 302, 303, 307, 308})
STATUS = re.compile(r"([0-9]{3})(!?)")
CONDITION = re.compile(r"(country|language|role|cookie|sign)=", re.IGNORECASE)
CAPTURE = re.compile(r"\*[0-9]")  # in a target
START_PAGES = frozenset({"/", "/index", "/index.html"})
_QUERY = re.compile(r"[^/=]+=")
_PART_OF_SEGMENT = re.compile(r"[^/]:[A-Za-z]|:[A-Za-z]\w*[^\w/]|\*/*[^/]", re.ASCII)

Remark = tuple[Severity, str]


@dataclass(frozen=True, slots=True)
class Read:
    """What a line says. `single_page`: its rule is the mode of that name, and none in itself."""

    rule: Redirect
    single_page: bool = False
    remarks: tuple[Remark, ...] = ()


def looks_like(tokens: Sequence[str]) -> Dialect | None:
    """The dialect that alone knows what is in a line, if there is such a thing in it."""
    source, *others = tokens
    if not others:
        return None
    status = STATUS.fullmatch(others[-1])
    query = _QUERY.match(others[0]) is not None and not is_absolute(others[0])
    if query or any(CONDITION.match(token) for token in others):
        return "netlify"
    if status and (status[2] or status[1] >= "400"):
        return "netlify"
    return "cloudflare" if source[0] == "/" and _PART_OF_SEGMENT.search(source) else None


def target_of(text: str, names: Sequence[str]) -> str:
    """The target `text` of a rule whose placeholders have `names`. Raises Ignored."""
    if len(names) > MAX_CAPTURES:
        raise Ignored(
            f"The rule has {len(names)} placeholders, allowed are {MAX_CAPTURES}: use `*` for "
            "several segments."
        )
    target = read_target(text, names)
    if len(target) > MAX_TARGET_BYTES:
        raise Ignored(
            f"The target takes {len(target):,} bytes when it is encoded, allowed are "
            f"{MAX_TARGET_BYTES}: choose a shorter one."
        )
    return target


def remarks_on(text: str, names: Sequence[str]) -> tuple[Remark, ...]:
    """Notes about the target `text`: what looks like a placeholder in it, and is none."""
    remarks: list[Remark] = [
        ("note", f"{shown(':' + name)} in the target is not in the source, so it stays as it is.")
        for name in unknown_names(text, names)
    ]
    if "*" in text and SPLAT in names:
        remarks.append(("note", "A `*` in the target is that character: `:splat` is what matched."))
    return tuple(remarks)
