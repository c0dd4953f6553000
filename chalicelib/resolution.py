"""What a version answers to a request: the decision of `edge/router.js`, said in Python.

Pure. Tests hold the two equal; `decant try` and the lint use it to tell what viewers will get.
Only versions with a route table are resolved here: in a flat one the router knows no files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol
from urllib.parse import unquote_to_bytes

from chalicelib.manifest import status_path
from chalicelib.records import EdgeRules, HtmlHandling
from chalicelib.route_table import RouteTable, encode_path, split_path
from chalicelib.rules.model import Redirect as Rule
from chalicelib.rules.patterns import match

_INDEX_PAGE, _HTML = "/index.html", ".html"
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_FORBIDDEN = re.compile(r"[/\\\x00-\x1f\x7f-\x9f]")
_CAPTURED = re.compile(r"\*([0-9])")
_PATH = re.compile(r"^[^?#]*")


@dataclass(frozen=True, slots=True)
class Found:
    """The file at site path `path` in `layer` is shown.

    `status` is 404 when it is an error page, and otherwise what a rule of `_redirects` says: the
    file is stored once more for each other status than 200 (`status_path`).
    """

    path: str
    layer: int
    status: int = 200

    @property
    def uri(self) -> str:
        """What the router asks the origin for."""
        return f"/v{self.layer}/{encode_path(self.path)}"


@dataclass(frozen=True, slots=True)
class Redirect:
    """To `location`: an encoded path or a URL, before the query of the request is added."""

    location: str
    status: int = 307


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


class Lookup(Protocol):
    """What finds the files of a stem: a route table, or the files themselves."""

    def look_up(self, stem: str) -> Mapping[str, int]:
        """Endings (such as `/index.html`) -> version number of the layer."""


class FileIndex:
    """The files of a version by stem, without a route table."""

    def __init__(self, files: Iterable[tuple[str, int]]) -> None:
        """`files` are (site path, version number of its layer)."""
        self._stems: dict[str, dict[str, int]] = {}
        for path, layer in files:
            stem, endings = split_path(path)
            self._stems.setdefault(stem, {})[endings] = layer

    def look_up(self, stem: str) -> Mapping[str, int]:
        """Endings (such as `/index.html`) -> version number of the layer."""
        return self._stems.get(stem, {})


@dataclass(frozen=True, slots=True)
class Asked:
    """A GET of `uri`: the path as it is sent; `query` is what the URL has behind it, parsed.

    `navigation`: the browser wants a page rather than something for one (`navigates` in the
    router); it makes a difference in single-page applications and for some redirects.
    """

    uri: str
    navigation: bool = False
    query: Mapping[str, str] = field(default_factory=dict)


def resolve(
    table: Lookup,
    rules: EdgeRules,
    asked: Asked,
    *,
    redirects: Iterable[Rule] = (),
    version: int = 0,
    fallback: RouteTable | None = None,
) -> Answer:
    """What a request gives.

    `redirects` are the rules of `version`, in their order. `fallback` is the table of the alias's
    fallback: it has the fingerprinted files of pages that are open in browsers.
    """
    path = read_uri(asked.uri)
    if path is None:
        return Refused()
    found = _found(table, rules, path)
    there = found is not None or (rules.slash_blind and _has_other_form(table, rules, path))
    for rule in redirects:
        if (rule.forced or not there) and (asked.navigation or not rule.navigation):
            target = _applied(rule, path, asked.query, rules.slash_blind)
            if target is not None and circles_to(table, rules, rule) is None:
                return _followed(table, rules, rule, target, path, asked.navigation, version)
    if found is not None:
        return found
    layer = _asset(fallback, path)
    return Found(path.path, layer) if layer else _missing(rules, path, asked.navigation)


def has_file(table: Lookup, rules: EdgeRules, address: str) -> bool:
    """Whether the files of a version give something for an address, redirects aside; in
    slash-blind dialects also with a slash at its end, or without."""
    path = read_uri(address)
    if path is None:
        return False
    there = _found(table, rules, path) is not None
    return there or (rules.slash_blind and _has_other_form(table, rules, path))


def _has_other_form(table: Lookup, rules: EdgeRules, path: SitePath) -> bool:
    return _found(table, rules, replace(path, folder=not path.folder)) is not None


def address_of(table: Lookup, html: HtmlHandling, path: str) -> str:
    """The address (encoded) at which the file at site path `path` is served."""
    stem, endings = split_path(path)
    home = _home(html, table.look_up(stem), stem == "", endings)
    return encode_path(stem + home) or "/"


def shown_by(table: Lookup, rules: EdgeRules, rule: Rule, version: int) -> Found | Redirect | None:
    """What a rule of `version` that shows a fixed target in place gives; None: it is missing."""
    there = read_uri(re.split("[?#]", rule.target)[0])
    found = _found(table, rules, there, rules.slash_blind or rule.navigation) if there else None
    return _with_status(found, rule.status, version) if isinstance(found, Found) else found


def circles_to(table: Lookup, rules: EdgeRules, rule: Rule) -> str | None:
    """The address where `rule` would take viewers in a circle, for which it never applies: it shows
    a page whose own address it matches itself. None when it does not."""
    if 300 <= rule.status < 400 or "*" in rule.target:
        return None
    shown = shown_by(table, rules, rule, version=0)
    if not isinstance(shown, Redirect):
        return None
    again = match(rule.source, shown.location, slash_blind=rules.slash_blind)
    return shown.location if again is not None else None


def _with_status(found: Found, status: int, version: int) -> Found:
    own = 404 if found.path.rpartition("/")[2] == "404.html" else 200
    if status in (own, 200):
        return replace(found, status=own)
    return Found(status_path(found.path, status), version, status)


def _found(
    table: Lookup, rules: EdgeRules, asked: SitePath, in_place: bool = False
) -> Found | Redirect | None:
    """What is at an address; `in_place`: the file, also if its own address is another one."""
    stem, endings = split_path(asked.path)
    files = table.look_up(stem)
    found = find(rules.html, files, stem == "", endings, asked.folder)
    if found is None:
        return None
    file, home = found
    if not in_place and (home != endings + "/" * asked.folder or not asked.tidy):
        return Redirect(encode_path(stem + home))
    return Found((stem + file)[1:], files[file])


def _applied(rule: Rule, path: SitePath, query: Mapping[str, str], slash_blind: bool) -> str | None:
    """The rule's target, filled in; None when it does not match."""
    address = "/" + encode_path(path.path) + "/" * (path.folder and path.path != "")
    captured = match(rule.source, address, slash_blind=slash_blind)
    if captured is None:
        return None
    values = list(captured)
    for name, value in rule.query:
        sent = _canonical(query[name]) if name in query else None
        if sent is None or (not value.startswith("*") and sent != value):
            return None
        if value.startswith("*"):
            values.append(sent)
    text = _CAPTURED.sub(
        lambda found: values[int(found[1])] if int(found[1]) < len(values) else "", rule.target
    )
    # In a path no two slashes meet: they would lead to another host.
    tidy = _PATH.sub(lambda found: re.sub("/+", "/", found[0]), text)
    return tidy if text.startswith("/") else text


def _canonical(text: str) -> str | None:
    """A value of the query in the form that all its spellings share; None when it is malformed."""
    if _BAD_ESCAPE.search(text):
        return None
    try:
        return encode_path(unquote_to_bytes(text).decode())
    except UnicodeError:
        return None


def _followed(
    table: Lookup,
    rules: EdgeRules,
    rule: Rule,
    target: str,
    path: SitePath,
    navigation: bool,
    version: int,
) -> Answer:
    if 300 <= rule.status < 400:
        return Redirect(target, rule.status)
    if "*" not in rule.target:
        return shown_by(table, rules, rule, version) or _missing(rules, path, navigation)
    there = read_uri(re.split("[?#]", target)[0]) if rule.status == 200 else None
    found = _found(table, rules, there, rules.slash_blind) if there else None
    return found or _missing(rules, there or path, navigation)


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
