"""A line of `_redirects` as Netlify documents it. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.rules.model import Redirect
from chalicelib.rules.redirect_lines import (
    CAPTURE,
    CONDITION,
    REDIRECTS,
    START_PAGES,
    STATUS,
    Read,
    remarks_on,
    target_of,
)
from chalicelib.rules.redirect_paths import (
    SPLAT,
    Ignored,
    is_absolute,
    name_of,
    numbered,
    path_part,
    read_source,
    read_value,
    shown,
)


def read_netlify(line: int, tokens: Sequence[str]) -> Read:
    """`from [name=value ...] to [status[!]]`: 301 when there is none; before files only with `!`.

    What has conditions besides those on the query is not taken. Raises Ignored.
    """
    pairs, to, rest = _parts(tokens)
    found = STATUS.fullmatch(rest[0]) if rest else None
    status, forced = (int(found[1]), bool(found[2])) if found else (301, False)
    _refuse_conditions(rest[1:] if found else rest)
    source, names = _source(tokens[0])
    query, names = _query(pairs, names)
    if to is None:
        to = _own_target(tokens[0], status)
    _check_status(status, to)
    target = target_of(to, names)
    page = path_part(target)
    fallback = status == 200 and not forced and source.endswith("*") and _is_page(page)
    rule = Redirect(line, source, target, status, forced, query, navigation=fallback)
    _refuse_slash(rule, tokens[0])
    application = fallback and source == "/*" and page in START_PAGES and not query
    return Read(rule, single_page=application, remarks=remarks_on(to, names))


def _parts(tokens: Sequence[str]) -> tuple[Sequence[str], str | None, Sequence[str]]:
    """(conditions on the query, target, what follows) of a line."""
    if len(tokens) > 1 and STATUS.fullmatch(tokens[1]):
        return (), None, tokens[1:]
    for at, token in enumerate(tokens[1:], start=1):
        if token.startswith("/") or is_absolute(token):
            return tokens[1:at], token, tokens[at + 1 :]
    raise Ignored(f"{shown(tokens[0])} has no target: write a path (`/…`) or a URL behind it.")


def _refuse_conditions(tokens: Sequence[str]) -> None:
    condition = next((token for token in tokens if CONDITION.match(token)), None)
    if condition:
        raise Ignored(
            f"Decant does not know the condition {shown(condition)}, and without it the rule would "
            "be for everybody: remove the rule, or the condition."
        )
    if tokens:
        raise Ignored(f"{shown(tokens[0])} is neither a status nor a condition: remove it.")


def _source(text: str) -> tuple[str, tuple[str, ...]]:
    """(pattern without a slash at its end, names of its placeholders)."""
    if is_absolute(text):
        raise Ignored(f"Decant serves every domain alike: write {shown(text)} without its host.")
    if not text.startswith("/"):
        raise Ignored(f"The source {shown(text)} does not start with `/`: write one before it.")
    if text.startswith("/.netlify"):
        raise Ignored(f"Addresses like {shown(text)} are Netlify's own: remove the rule.")
    if path_part(text) != text:
        raise Ignored(
            f"No path has the `?` or `#` of {shown(text)}: write conditions on the query behind "
            "the path, as in `/a id=1 /b`."
        )
    source = read_source(text)
    pattern = source.pattern.rstrip("/") or "/"
    if "*" in pattern[:-1]:
        raise Ignored(f"In {shown(text)} `*` is not at the end: use `:name` for one segment.")
    if any(":" in segment and segment != ":" for segment in pattern.split("/")):
        raise Ignored(
            f"In {shown(text)} a `:name` is part of a segment, and can only be a whole one: write "
            "it between slashes, or `%3A` for a colon."
        )
    return pattern, source.names


def _query(
    pairs: Sequence[str], names: tuple[str, ...]
) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    """(conditions, all names) of a rule whose source has `names`."""
    found: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        name, key = name_of(value), read_value(key)
        if not (key and equals):
            raise Ignored(f"{shown(pair)} is no condition on the query: write it as `name=value`.")
        if key in found or name in names:
            raise Ignored(f"{shown(pair)} uses a name a second time: give each its own.")
        found[key] = read_value(value) if name is None else f"*{len(names)}"
        names = names if name is None else (*names, name)
    return tuple(found.items()), names


def _own_target(source: str, status: int) -> str:
    """The target that is left out in `/x/* 200`."""
    path = source.rstrip("/")
    if status != 200 or not path.endswith("/*"):
        raise Ignored(f"{shown(source)} has no target, as only `/x/* 200` may: write it.")
    return path.removesuffix("*") + ":" + SPLAT


def _check_status(status: int, to: str) -> None:
    if status in REDIRECTS:
        return
    if status != 200 and not 400 <= status <= 599:
        raise Ignored(
            f"The status {status} is not known: use 200, 301, 302, 303, 307, 308 or 400 to 599."
        )
    if is_absolute(to):
        raise Ignored(
            f"Decant is no proxy and cannot show {shown(to)} with status {status}: redirect there "
            "(302), or show a page of this site."
        )


def _is_page(path: str) -> bool:
    """Whether the target `path` is one page, the same for all addresses."""
    last = path.rpartition("/")[2]
    return not CAPTURE.search(path) and (last.endswith(".html") or "." not in last)


def _refuse_slash(rule: Redirect, written: str) -> None:
    """Raises Ignored when the rule, with the source as `written`, only changes a slash."""
    same = numbered(rule.source).rstrip("/") == rule.target.rstrip("/")
    changed = written.endswith("/") != rule.target.endswith("/")
    if rule.status in REDIRECTS and same and changed:
        raise Ignored(
            "No rule can add or remove a slash at the end, as rules match with and without it: set "
            "`html_handling` in decant.toml."
        )
