"""The manifest: the complete list of one version's files, as JSON in the hosting bucket.

    {"version": 3, "flat": "", "carries": [2],
     "rules": {...}, "status_pages": [[path, status], ...], "headers": [{name: value}, ...],
     "files": [[path, bytes, sha256 (hex), crc32, index of its headers, layer], ...],
     "carried": [[... the same ..., version], ...]}

`carried` are fingerprinted files of earlier versions, for pages that are open in browsers; each
with the newest version that had it. `flat` says why there is no route table, if there is none. The
many files share few sets of headers, and 100,000 entries are read and written often: hence arrays
and not objects.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.errors import VersionCorrupt
from chalicelib.header_sets import Headers, HeaderSets, read_header_sets
from chalicelib.rules.document import decode_rules, encode_rules
from chalicelib.rules.model import NO_RULES, SiteRules


@dataclass(frozen=True, slots=True)
class ManifestFile:
    """One file: its site path, size, sha256 (64 hex digits), CRC-32, headers, and its layer.

    `origin` is None for the version's own files; for a carried one the newest version that had it.
    """

    path: str
    bytes: int
    sha256: str
    crc32: int
    headers: Headers
    layer: int
    origin: int | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """The files of `version`, and what it carries of others; each sorted by path.

    `carries` are the versions of which it carries all fingerprinted files. A version with a reason
    to be `flat` has all its files in its own layer, and carries nothing. `rules` are the site's;
    `status_pages` the files that they show with another status: stored once more, in its own layer.
    """

    version: int
    files: tuple[ManifestFile, ...]
    carried: tuple[ManifestFile, ...] = ()
    carries: tuple[int, ...] = ()
    flat: str = ""
    rules: SiteRules = NO_RULES
    status_pages: tuple[tuple[str, int], ...] = ()

    def every(self) -> Iterator[ManifestFile]:
        """All files that the version makes reachable."""
        yield from self.files
        yield from self.carried

    def objects(self) -> Iterator[tuple[int, str]]:
        """(layer, path) of every object that the version needs."""
        yield from ((file.layer, file.path) for file in self.every())
        yield from ((self.version, status_path(*page)) for page in self.status_pages)


def status_path(path: str, status: int) -> str:
    """Where the file at `path` is stored once more, with another status than its own."""
    return f"_decant/{status}/{path}"


def manifest_key(version: int) -> str:
    """Where the manifest of `version` is kept in the hosting bucket."""
    return f"_manifests/v{version}.json"


def layer_prefix(layer: int) -> str:
    """The folder of `layer` in the hosting bucket; ends with `/`, so v1 never matches v10."""
    return f"v{layer}/"


def object_key(layer: int, path: str) -> str:
    """Where the hosting bucket has the file at site path `path` of `layer`."""
    return layer_prefix(layer) + path


def encode(manifest: Manifest) -> bytes:
    """The manifest as JSON: the same manifest gives the same bytes."""
    sets = HeaderSets()

    def row(file: ManifestFile) -> list[Any]:
        index = sets.index(file.headers)
        return [file.path, file.bytes, file.sha256, file.crc32, index, file.layer]

    files = [row(file) for file in manifest.files]
    carried = [[*row(file), file.origin] for file in manifest.carried]
    return json.dumps(
        {
            "version": manifest.version,
            "flat": manifest.flat,
            "carries": manifest.carries,
            "rules": encode_rules(manifest.rules),
            "status_pages": manifest.status_pages,
            "headers": sets.documents(),
            "files": files,
            "carried": carried,
        },
        separators=(",", ":"),
        ensure_ascii=False,
    ).encode()


def decode(data: bytes) -> Manifest:
    """The manifest in `data`. Raises VersionCorrupt when it is not one."""
    try:
        document: dict[str, Any] = json.loads(data)
        headers = read_header_sets(document["headers"])

        def file(
            path: str,
            size: int,
            sha256: str,
            crc32: int,
            index: int,
            layer: int,
            origin: int | None = None,
        ) -> ManifestFile:
            return ManifestFile(path, size, sha256, crc32, headers[index], layer, origin)

        return Manifest(
            document["version"],
            tuple(file(*row) for row in document["files"]),
            tuple(file(*row) for row in document["carried"]),
            tuple(document["carries"]),
            document["flat"],
            decode_rules(document["rules"]),
            tuple((path, status) for path, status in document["status_pages"]),
        )
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise VersionCorrupt("The manifest is not readable: upload the version again.") from error


def differences(expected: Mapping[str, int], stored: Mapping[str, int]) -> tuple[str, ...]:
    """What is wrong when each of `expected` (path -> size in bytes) should be `stored`.

    Empty if nothing; at most five differences are named.
    """
    problems = [f"{path} is missing" for path in sorted(expected.keys() - stored.keys())]
    problems += [
        f"{path} has {stored[path]} bytes instead of {expected[path]}"
        for path in sorted(expected.keys() & stored.keys())
        if expected[path] != stored[path]
    ]
    return tuple(problems[:5])
