"""Layout: in which layers the files of a version lie, and whether it has a route table.

A version has files in at most 64 layers: where there would be more, those of the smallest are
copied forward to its own, inside S3. A version that cannot have a route table is laid out flat: all
of its files in its own layer, nothing carried.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Protocol

from chalicelib.decisions.room import MAX_TABLE_BYTES, size_bytes
from chalicelib.decisions.sharing import layers_to_fold
from chalicelib.errors import NoRouteTable, StoreFull
from chalicelib.manifest import Manifest, ManifestFile, object_key, status_path
from chalicelib.records import Version
from chalicelib.route_table import least_bytes
from chalicelib.routing import Routing, compile_routing

_THREADS = 16  # copies under way at once


class Copier(Protocol):
    """What a layout needs of the hosting bucket."""

    def copy(
        self, bucket: str, source_key: str, key: str, headers: Mapping[str, str] | None = None
    ) -> None:
        """Copy an object, with its headers or with `headers`. Raises Missing, AwsError."""


class Room(Protocol):
    """What a layout needs of the KeyValueStore."""

    def make_room(self, version: int, wanted_bytes: int) -> None:
        """See that a routing of `version` of so many bytes fits. Raises StoreFull."""


class Layout:
    """Decides the layout of a version and copies what it takes."""

    def __init__(
        self,
        objects: Copier,
        tables: Room,
        *,
        hosting_bucket: str,
        max_table_bytes: int = MAX_TABLE_BYTES,
    ) -> None:
        self.max_table_bytes = max_table_bytes
        self._objects = objects
        self._tables = tables
        self._bucket = hosting_bucket

    def __call__(self, manifest: Manifest, version: Version) -> tuple[Manifest, Routing]:
        """`manifest` of `version` as it is to be, and its routing: when this returns, every object
        that it names is there.

        Raises Missing when a file that is to be copied is gone, UploadRefused when its redirects
        are too many, AwsError.
        """
        try:
            laid_out, routing = self._with_table(manifest, version)
        except (NoRouteTable, StoreFull) as error:
            laid_out = self._flat(manifest, str(error))
            routing = compile_routing(laid_out)
        self._store_status_pages(laid_out)
        return laid_out, routing

    def _with_table(self, manifest: Manifest, version: Version) -> tuple[Manifest, Routing]:
        if least_bytes(len(manifest.files)) > self.max_table_bytes:
            raise NoRouteTable(f"{len(manifest.files):,} files are too many for one")
        counts = Counter(file.layer for file in manifest.every())
        folded = self._forward(manifest, layers_to_fold(counts, manifest.version))
        routing = compile_routing(folded)
        size = size_bytes(routing.store_entries(version))
        if size > self.max_table_bytes:
            raise NoRouteTable(f"it would take {size:,} of {self.max_table_bytes:,} bytes")
        self._tables.make_room(manifest.version, size)
        return folded, routing

    def _flat(self, manifest: Manifest, why: str) -> Manifest:
        own = manifest.version
        reason = (
            f"v{own} is stored flat, without a route table: its own 404 page is not shown, and "
            f"files of earlier versions are not kept for open pages ({why.rstrip('.')})."
        )
        alone = replace(manifest, carried=(), carries=(), flat=reason)
        return self._forward(alone, frozenset(file.layer for file in alone.files) - {own})

    def _forward(self, manifest: Manifest, layers: frozenset[int]) -> Manifest:
        """`manifest` with the files of `layers` copied to the version's own layer."""
        if not layers:
            return manifest
        own = manifest.version
        moving = [file for file in manifest.every() if file.layer in layers]

        def copy(file: ManifestFile) -> None:
            source, target = object_key(file.layer, file.path), object_key(own, file.path)
            self._objects.copy(self._bucket, source, target)

        with ThreadPoolExecutor(_THREADS) as pool:
            list(pool.map(copy, moving))  # raises the first failure

        def moved(files: Iterable[ManifestFile]) -> tuple[ManifestFile, ...]:
            return tuple(
                replace(file, layer=own) if file.layer in layers else file for file in files
            )

        return replace(manifest, files=moved(manifest.files), carried=moved(manifest.carried))

    def _store_status_pages(self, manifest: Manifest) -> None:
        """Store those files once more that rules show with another status."""
        files = {file.path: file for file in manifest.files}
        for path, status in manifest.status_pages:
            headers = dict(files[path].headers) | {"x-amz-meta-decant-status": str(status)}
            source = object_key(files[path].layer, path)
            target = object_key(manifest.version, status_path(path, status))
            self._objects.copy(self._bucket, source, target, headers)
