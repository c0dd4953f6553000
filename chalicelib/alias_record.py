"""The alias record: the one KeyValueStore entry per alias that the router reads first."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from chalicelib.errors import VersionCorrupt
from chalicelib.records import EdgeRules, HtmlHandling, NotFoundMode, Version
from chalicelib.route_table import RouteTable, encode_path

MAX_VALUE_BYTES = 1_000  # CloudFront's limit is 1 KB a value; nothing says whether that is 1,024
MAX_EXACT_BYTES = 400  # of it, what the extensionless files of a flat version may take
# What the folders with an error page may take. 64 layers of 7 digits take 512, the rest 150.
MAX_ERROR_FOLDERS_BYTES = 300


def store_key(alias: str) -> str:
    """The key of `alias` in the KeyValueStore."""
    return f"a/{alias}"


def encode(version: Version, fallback: Version | None = None) -> str:
    """The value of an alias record that points at `version`, under 1 KB.

    The router looks in the table of `fallback` for fingerprinted files that `version` lacks; it is
    left out where it has no table, where `version` has none, and where it does not fit.
    Raises VersionCorrupt when the version has no rules or they do not fit.
    """
    if version.rules is None:
        raise VersionCorrupt(f"v{version.number} has no routing rules: upload it again.")
    record = {"version": version.number, **_fields(version.rules)}
    value = _json(record)
    if len(value.encode()) > MAX_VALUE_BYTES:
        raise VersionCorrupt(
            f"The routing rules of v{version.number} take more than {MAX_VALUE_BYTES} bytes."
        )
    if fallback is None or not has_table(fallback) or not has_table(version):
        return value
    longer = _json(record | {"fallback": _table_fields(fallback)})
    return longer if len(longer.encode()) <= MAX_VALUE_BYTES else value


def has_table(version: Version) -> bool:
    """Whether the version has a route table in the store, or had one."""
    return version.rules is not None and version.rules.buckets > 0


def _json(record: dict[str, Any]) -> str:
    return json.dumps(record, separators=(",", ":"), ensure_ascii=False)


def _table_fields(version: Version) -> dict[str, Any]:
    rules = version.rules or EdgeRules(())
    return {
        "version": version.number,
        "layers": list(rules.layers),
        "buckets": rules.buckets,
        "salt": rules.salt,
    }


def _fields(rules: EdgeRules) -> dict[str, Any]:
    common = {
        "layers": list(rules.layers),
        "buckets": rules.buckets,
        "salt": rules.salt,
        "html": rules.html,
        "notFound": rules.not_found,
    }
    if rules.buckets:
        return common | {"errorFolders": dict(rules.error_folders)}
    return common | {"pages": rules.pages, "exact": list(rules.exact)}


def table_rules(
    table: RouteTable,
    files: Mapping[str, int],
    *,
    html: HtmlHandling = "auto-trailing-slash",
    not_found: NotFoundMode | None = None,
) -> tuple[EdgeRules, tuple[str, ...]]:
    """Rules for a version with a route table; and warnings about what they miss.

    `files` is what the table was compiled of: site path -> version number of the layer. Without
    `not_found` a site that has a 404.html shows it. Error pages are listed from the top down as
    far as they fit; below a folder that is not listed, the next one above it counts.
    """
    found = {path: layer for path, layer in files.items() if f"/{path}".endswith("/404.html")}
    mode: NotFoundMode = not_found or ("404-page" if found else "none")
    if mode != "404-page":
        start = mode == "single-page-application" and "index.html" in files
        found = {"index.html": files["index.html"]} if start else {}
    folders: list[tuple[str, int]] = []
    room = MAX_ERROR_FOLDERS_BYTES
    for path in sorted(found, key=lambda path: (path.count("/"), path)):
        folder = encode_path(path.rpartition("/")[0])
        room -= len(folder) + len('"":63,')
        if room < 0:
            break
        folders.append((folder, table.layers.index(found[path])))
    missed = len(found) - len(folders)
    rules = EdgeRules(
        layers=table.layers,
        buckets=len(table.buckets),
        salt=table.salt,
        html=html,
        not_found=mode,
        error_folders=tuple(folders),
    )
    warning = f"{missed} of the 404.html pages are not shown: the next one above them is."
    return rules, (warning,) if missed else ()


def flat_rules(number: int, paths: tuple[str, ...]) -> tuple[EdgeRules, tuple[str, ...]]:
    """Rules for a version stored flat, from its site paths; and warnings about what they miss.

    Without a route table the router cannot know whether `/x` means `x.html` or `x/index.html`:
    the form that more of the site's pages have decides. Files without a dot in their name are
    listed one by one as far as they fit.
    """
    pages = [p for p in paths if p.endswith(".html") and p.rpartition("/")[2] != "404.html"]
    folders = sum(1 for p in pages if p.endswith("/index.html"))
    files = sum(1 for p in pages if p.rpartition("/")[2] != "index.html")
    plain = sorted(p for p in paths if "." not in p.rpartition("/")[2])
    exact: list[str] = []
    room = MAX_EXACT_BYTES
    for path in plain:
        room -= len(json.dumps(path, ensure_ascii=False).encode()) + 1
        if room < 0:
            break
        exact.append(path)
    missed = len(plain) - len(exact)
    warnings = (
        (f"{missed} files without an extension are not reachable at their exact path.",)
        if missed
        else ()
    )
    rules = EdgeRules(
        layers=(number,),
        not_found="404-page" if "404.html" in paths else "none",
        pages="file" if files > folders else "folder",
        exact=tuple(exact),
    )
    return rules, warnings
