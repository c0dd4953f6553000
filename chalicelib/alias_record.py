"""The records that the router reads first: `a/<alias>`, what an alias shows, and `v/<version>`,
what a version does, for previews and canaries."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from chalicelib.errors import VersionCorrupt
from chalicelib.records import Alias, EdgeRules, PageForm, Version
from chalicelib.route_table import encode_path

MAX_VALUE_BYTES = 1_000  # CloudFront's limit is 1 KB a value; nothing says whether that is 1,024
MAX_EXACT_BYTES = 400  # of it, what the extensionless files of a flat version may take
# Left free in each version's rules: for a canary (22 bytes) and a password (75), or for an alias.
ALIAS_BYTES = 100
_FOLDERS_BYTES = 100  # and for the fields of redirects and the topmost folder with a 404.html


def store_key(alias: str) -> str:
    """The key of `alias` in the KeyValueStore."""
    return f"a/{alias}"


def version_key(number: int) -> str:
    """The key of the version `number`: it is written last, so everything of it is there then."""
    return f"v/{number}"


def encode(version: Version, alias: Alias | None = None, fallback: Version | None = None) -> str:
    """The value of the record of `alias`, which points at `version`; under 1 KB.

    The router looks in the table of `fallback` for fingerprinted files that `version` lacks; it is
    left out where it has no table, where `version` has none, and where it does not fit.
    Raises VersionCorrupt when the version has no rules or they do not fit.
    """
    record = _record(version)
    if alias is not None and alias.canary is not None:
        record["canary"] = [alias.canary.percent, alias.canary.version]
    if alias is not None and alias.password is not None:
        record["password"] = [alias.password.salt, alias.password.digest]
    value = _fitting(record, version)
    if fallback is None or not has_table(fallback) or not has_table(version):
        return value
    longer = _json(record | {"fallback": _table_fields(fallback)})
    return longer if len(longer.encode()) <= MAX_VALUE_BYTES else value


def encode_version(version: Version) -> str:
    """The value of the record of `version` itself, which names the alias it was deployed to: who
    may not see that may not see the version. Raises VersionCorrupt as `encode`."""
    return _fitting({**_record(version), "alias": version.alias}, version)


def has_table(version: Version) -> bool:
    """Whether the version has a route table in the store, or had one."""
    return version.rules is not None and version.rules.buckets > 0


def _record(version: Version) -> dict[str, Any]:
    if version.rules is None:
        raise VersionCorrupt(f"v{version.number} has no routing rules: upload it again.")
    return {"version": version.number, **_fields(version.rules)}


def _fitting(record: dict[str, Any], version: Version) -> str:
    value = _json(record)
    if len(value.encode()) > MAX_VALUE_BYTES:
        raise VersionCorrupt(
            f"The routing rules of v{version.number} take more than {MAX_VALUE_BYTES} bytes."
        )
    return value


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
    fields: dict[str, Any] = {"layers": list(rules.layers), "salt": rules.salt}
    optional = {
        "buckets": rules.buckets,
        "html": rules.html * (rules.html != "auto-trailing-slash"),
        "notFound": rules.not_found * (rules.not_found == "single-page-application"),
        "errorFolders": dict(rules.error_folders),
        "redirects": rules.redirects,
        "patterns": rules.patterns,
        "blind": int(rules.slash_blind),
        "pages": rules.pages * (rules.pages == "file"),
        "exact": list(rules.exact),
    }
    # What is left out need not be read by each request.
    return fields | {name: value for name, value in optional.items() if value}


def room_for_groups(number: int, rules: EdgeRules) -> int:
    """How many groups of patterns `rules` of version `number` have room for, two bytes each."""
    taken = len(_json({"version": number, **_fields(rules)}).encode())
    return max(0, MAX_VALUE_BYTES - ALIAS_BYTES - _FOLDERS_BYTES - taken) // 2


def with_error_folders(
    number: int, rules: EdgeRules, pages: Mapping[str, int]
) -> tuple[EdgeRules, tuple[str, ...]]:
    """`rules` of version `number` with the folders of the error `pages` (site path -> version
    number of the layer); and warnings.

    They are listed from the top down as far as they fit; below a folder that is not listed, the
    next one above it counts.
    """
    room = MAX_VALUE_BYTES - ALIAS_BYTES
    room -= len(_json({"version": number, **_fields(rules)}).encode()) + len(',"errorFolders":{}')
    folders: list[tuple[str, int]] = []
    for path in sorted(pages, key=lambda path: (path.count("/"), path)):
        folder = encode_path(path.rpartition("/")[0])
        room -= len(folder) + len('"":63,')
        if room < 0:
            break
        folders.append((folder, rules.layers.index(pages[path])))
    missed = len(pages) - len(folders)
    warning = f"{missed} of the 404.html pages are not shown: the next one above them is."
    return replace(rules, error_folders=tuple(folders)), (warning,) if missed else ()


def with_flat_pages(rules: EdgeRules, paths: Iterable[str]) -> tuple[EdgeRules, tuple[str, ...]]:
    """`rules` of a version stored flat with what they tell of its site paths; and warnings.

    Without a route table the router cannot know whether `/x` means `x.html` or `x/index.html`:
    the form that more of the site's pages have decides. Files without a dot in their name are
    listed one by one as far as they fit.
    """
    paths = tuple(paths)
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
    form: PageForm = "file" if files > folders else "folder"
    return replace(rules, pages=form, exact=tuple(exact)), warnings
