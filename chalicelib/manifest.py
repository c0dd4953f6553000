"""The manifest: the complete list of one version's files, as JSON in the hosting bucket.

`{"version": 3, "files": [{"path", "bytes", "sha256" (hex), "headers": {name: value}, "layer"}]}`
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from chalicelib.errors import VersionCorrupt


@dataclass(frozen=True, slots=True)
class ManifestFile:
    """One file: its site path, size, sha256 (64 hex digits), headers, and the layer that has it."""

    path: str
    bytes: int
    sha256: str
    headers: tuple[tuple[str, str], ...]
    layer: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """The files of `version`, sorted by path."""

    version: int
    files: tuple[ManifestFile, ...]


def manifest_key(version: int) -> str:
    """Where the manifest of `version` is kept in the hosting bucket."""
    return f"_manifests/v{version}.json"


def layer_prefix(layer: int) -> str:
    """The folder of `layer` in the hosting bucket; ends with `/`, so v1 never matches v10."""
    return f"v{layer}/"


def encode(manifest: Manifest) -> bytes:
    """The manifest as JSON: the same manifest gives the same bytes."""
    return json.dumps(
        {
            "version": manifest.version,
            "files": [
                {
                    "path": f.path,
                    "bytes": f.bytes,
                    "sha256": f.sha256,
                    "headers": dict(f.headers),
                    "layer": f.layer,
                }
                for f in manifest.files
            ],
        },
        separators=(",", ":"),
        ensure_ascii=False,
    ).encode()


def decode(data: bytes) -> Manifest:
    """The manifest in `data`. Raises VersionCorrupt when it is not one."""
    try:
        document: dict[str, Any] = json.loads(data)
        files = tuple(
            ManifestFile(
                path=f["path"],
                bytes=f["bytes"],
                sha256=f["sha256"],
                headers=tuple(f["headers"].items()),
                layer=f["layer"],
            )
            for f in document["files"]
        )
        return Manifest(document["version"], files)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise VersionCorrupt("The manifest is not readable: upload the version again.") from error


def differences(
    expected: Iterable[tuple[str, int]], stored: Iterable[tuple[str, int]]
) -> tuple[str, ...]:
    """What is wrong when `stored` (path, size in bytes) should equal `expected`; empty if nothing.

    At most five differences are named.
    """
    wanted, found = dict(expected), dict(stored)
    problems = [f"{p} is missing" for p in sorted(wanted.keys() - found.keys())]
    problems += [f"{p} is not in the zip" for p in sorted(found.keys() - wanted.keys())]
    problems += [
        f"{p} has {found[p]} bytes instead of {wanted[p]}"
        for p in sorted(wanted.keys() & found.keys())
        if wanted[p] != found[p]
    ]
    return tuple(problems[:5])
