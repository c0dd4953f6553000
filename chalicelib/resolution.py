"""What a version answers to a request: the decision of `edge/router.js`, said in Python.

Pure. Tests hold the two equal; `decant try` and the lint use it to tell what viewers will get.
Only versions with a route table are resolved here: in a flat one the router knows no files.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote_to_bytes

from chalicelib.records import EdgeRules, HtmlHandling
from chalicelib.route_table import RouteTable, encode_path, split_path

_INDEX_PAGE, _HTML = "/index.html", ".html"
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_FORBIDDEN = re.compile(r"[/\\\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Found:
    """The file at site path `path` in `layer` is shown; status 404 when it is an error page."""

    path: str
    layer: int
    status: Literal[200, 404] = 200

    @property
    def uri(self) -> str:
        """What the router asks the origin for."""
        return f"/v{self.layer}/{encode_path(self.path)}"


@dataclass(frozen=True, slots=True)
class Redirect:
    """A 307 to `location`: an encoded path, before the query of the request."""

    location: str


@dataclass(frozen=True, slots=True)
class Missing:
    """Nothing is there: a small generated 404."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The path can be none of any site: a small generated 400."""


Answer = Found | Redirect | Missing | Refused


@dataclass(frozen=True, slots=True)
class SitePath:
    """How an address reads: `path` without a slash at its end, which `folder` tells.

    `tidy`: no two slashes met.
    """

    path: str
    folder: bool
    tidy: bool


def resolve(
    table: RouteTable,
    rules: EdgeRules,
    uri: str,
    *,
    navigation: bool = False,
    fallback: RouteTable | None = None,
) -> Answer:
    """What a GET of `uri` gives: the path as it is sent, without the query.

    `navigation`: the browser wants a page rather than something for one (`navigates` in the
    router); only single-page applications make a difference. `fallback` is the table of the
    alias's fallback: it has the fingerprinted files of pages that are open in browsers.
    """
    asked = read_uri(uri)
    if asked is None:
        return Refused()
    stem, endings = split_path(asked.path)
    files = table.look_up(stem)
    found = find(rules.html, files, stem == "", endings, asked.folder)
    if found is None:
        layer = _asset(fallback, asked)
        return Found(asked.path, layer) if layer else _missing(rules, asked, navigation)
    file, home = found
    address = endings + "/" * asked.folder
    if home != address or not asked.tidy:
        return Redirect(encode_path(stem + home))
    return Found((stem + file)[1:], files[file])


def read_uri(uri: str) -> SitePath | None:
    """The site path that `uri` spells; None when no file of a site can have it."""
    if _BAD_ESCAPE.search(uri):
        return None
    segments = uri.split("/")
    try:
        decoded = [unquote_to_bytes(segment).decode() for segment in segments]
    except UnicodeError:
        return None
    if any(name in {".", ".."} or _FORBIDDEN.search(name) for name in decoded):
        return None
    names = [name for name in decoded if name]
    folder = not names or uri.endswith("/")
    return SitePath("/".join(names), folder, len(segments) == len(names) + 1 + folder)


def find(
    html: HtmlHandling, files: Mapping[str, int], root: bool, asked: str, slash: bool
) -> tuple[str, str] | None:
    """(file, address where it is served) of what `asked`, with a slash or not, gives.

    `files`, `asked` and the result are endings behind one stem; `root`: the stem is the root's.
    What is asked for comes first, then the forms that it may mean. None when no file is meant.
    """
    address = asked + "/" * slash
    for file in _candidates(asked, slash):
        if file not in files:
            continue
        home = _home(html, files, root, file)
        if home == address:
            return file, address
        # A home that has endings itself might be where another file comes first.
        safe = home == "" or home.endswith("/")
        if home != file and (safe or _leads(html, files, root, home, file)):
            return file, home
        if file == address:
            return file, address
    return None


def _leads(html: HtmlHandling, files: Mapping[str, int], root: bool, home: str, file: str) -> bool:
    found = find(html, files, root, home, False)
    return found is not None and found[0] == file


def _candidates(asked: str, slash: bool) -> tuple[str, ...]:
    """The files that an address may mean, in order: Cloudflare's for its static assets."""
    if slash:
        return asked + _INDEX_PAGE, asked + _HTML
    for ending in (_INDEX_PAGE, _HTML, "/index"):
        if asked.endswith(ending):
            base = asked.removesuffix(ending)
            also = (base + _INDEX_PAGE, base + _HTML)
            return asked, *also, asked + _HTML, asked + _INDEX_PAGE
    return asked, asked + _HTML, asked + _INDEX_PAGE


def _home(html: HtmlHandling, files: Mapping[str, int], root: bool, file: str) -> str:
    """The one address of `file`: its own path when another file has the nicer one."""
    if html == "none" or not file.endswith(_HTML):
        return file
    index = file.endswith(_INDEX_PAGE)
    base = file.removesuffix(_INDEX_PAGE if index else _HTML)
    drop = html == "drop-trailing-slash" and not (root and not base)
    if html == "force-trailing-slash" or (index and not drop):
        return base + "/" if index or base + _INDEX_PAGE not in files else file
    taken = base in files or (index and base + _HTML in files)
    return file if taken else base


def _asset(fallback: RouteTable | None, asked: SitePath) -> int | None:
    named = asked.tidy and not asked.folder and "." in asked.path.rpartition("/")[2]
    return fallback.look_up_asset(asked.path) if fallback and named else None


def _missing(rules: EdgeRules, asked: SitePath, navigation: bool) -> Answer:
    application = rules.not_found == "single-page-application"
    if rules.not_found == "none" or (application and not navigation):
        return Missing()
    path = encode_path(asked.path) + "/" * asked.folder
    above = [
        (folder, index)
        for folder, index in rules.error_folders
        if not folder or path.startswith(folder + "/")
    ]
    if not above:
        return Missing()
    folder, index = max(above, key=lambda pair: len(pair[0]))
    name = "index.html" if application else "404.html"
    path = unquote_to_bytes(folder).decode()
    return Found(
        f"{path}/{name}" if path else name, rules.layers[index], 200 if application else 404
    )
