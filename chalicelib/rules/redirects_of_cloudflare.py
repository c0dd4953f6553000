"""A line of `_redirects` as Cloudflare documents it for Workers static assets. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from chalicelib.rules.model import Redirect
from chalicelib.rules.redirect_lines import (
    REDIRECTS,
    START_PAGES,
    STATUS,
    Read,
    Remark,
    remarks_on,
    target_of,
)
from chalicelib.rules.redirect_paths import (
    Ignored,
    Source,
    is_absolute,
    path_part,
    read_source,
    shown,
)

_INDEX_PAGES = ("/index", "/index.html")


def read_cloudflare(line: int, tokens: Sequence[str]) -> Read:
    """`source target [status]`: 302 when there is none; always before files. Raises Ignored."""
    if len(tokens) == 1:
        raise Ignored(f"{shown(tokens[0])} has no target: write it behind the source.")
    if len(tokens) > 3:
        raise Ignored(f"{shown(tokens[3])} is too much: a line is `source target [status]`.")
    status = _status(tokens[2]) if len(tokens) == 3 else 302
    source, remarks = _source(tokens[0])
    to = tokens[1]
    _check_target(to, status)
    rule = Redirect(line, source.pattern, target_of(to, source.names), status)
    remarks += remarks_on(to, source.names)
    if rule.source == "/*" and status == 200 and path_part(rule.target) in START_PAGES:
        return Read(rule, single_page=True, remarks=tuple(remarks))
    rule, about_index = _index_page(rule)
    return Read(rule, remarks=(*remarks, *about_index))


def _status(token: str) -> int:
    found = STATUS.fullmatch(token)
    if found is None or found[2] or int(found[1]) not in REDIRECTS | {200}:
        raise Ignored(
            f"The status {shown(token)} is not known: use 200, 301, 302, 303, 307 or 308."
        )
    return int(found[1])


def _source(text: str) -> tuple[Source, list[Remark]]:
    if is_absolute(text):
        raise Ignored(f"Rules match paths, and {shown(text)} is a URL: remove scheme and host.")
    path = path_part(text)
    if not path:
        raise Ignored(f"The source {shown(text)} has no path: write one, with `/` before it.")
    source = read_source(path if path.startswith("/") else "/" + path)
    if path == text:
        return source, []
    rest = shown(text[len(path) :])
    return source, [
        ("warning", f"{rest} in the source is not matched, so the rule is for all of {shown(path)}"
         ": remove it, or the rule.")
    ]  # fmt: skip


def _check_target(text: str, status: int) -> None:
    if not text.startswith("/") and not text.lower().startswith("https://"):
        raise Ignored(
            f"The target {shown(text)} is neither a path nor an https URL: start it with `/` or "
            "`https://`."
        )
    if status == 200 and is_absolute(text):
        raise Ignored(
            f"Status 200 shows a page of this site, which {shown(text)} is not: use 302, or a path."
        )


def _index_page(rule: Redirect) -> tuple[Redirect, tuple[Remark, ...]]:
    """`rule` and a remark when it is what Cloudflare refuses because the target is an index page.

    Such a page is served at its folder's address only: what is forced to it comes back.
    """
    page = path_part(rule.target)
    if not page.endswith(_INDEX_PAGES):
        return rule, ()
    if rule.source.endswith("/*") and rule.status == 200:
        text = (
            "Cloudflare refuses this rule; here its target is shown to a browser that goes to "
            f"an address of {shown(rule.source)} without a file."
        )
        return replace(rule, forced=False, navigation=True), (("note", text),)
    if rule.status in REDIRECTS and page.rpartition("/")[0] + "/" == rule.source:
        text = (
            f"{shown(page)} is sent on to {shown(rule.source)}, and so back to this rule, unless "
            'decant.toml has html_handling = "none": else remove the rule.'
        )
        return rule, (("warning", text),)
    return rule, ()
