"""From a folder to all that a deployment would make of it: version 1, in layer 1, in memory.

The deployment's own functions do it, with dictionaries where it has a bucket and a store.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from chalicelib.alias_record import encode, store_key
from chalicelib.deploy.layout import Layout
from chalicelib.header_sets import Headers
from chalicelib.manifest import Manifest, ManifestFile, object_key
from chalicelib.media_types import header_pairs, stored_pairs
from chalicelib.records import HtmlHandling, NotFoundMode, Version
from chalicelib.resolution import FileIndex
from chalicelib.routing import Routing, status_pages
from chalicelib.rules.model import Dialect, Finding, SiteSettings
from chalicelib.rules.site import RulesRead, file_headers, read_rules
from chalicelib.uploads import DEFAULT_ALIAS
from decant.preview.folder import SiteFolder

NUMBER = 1  # of the version, and of its layer
_VERSION = Version(
    number=NUMBER,
    status="ready",
    alias=DEFAULT_ALIAS,
    deployment_id="",
    source_key="",
    order="",
    created_at="",
)
_BUCKET = "hosting"
# Taken by the content's checksums, which routing does not depend on.
_NO_SHA256, _NO_CRC32 = "0" * 64, 0


@dataclass(frozen=True, slots=True)
class Overrides:
    """Settings that win over those of decant.toml; None: as it says."""

    html: HtmlHandling | None = None
    not_found: NotFoundMode | None = None
    dialect: Dialect | None = None

    def change(self, settings: SiteSettings) -> SiteSettings:
        """`settings` with these."""
        return replace(
            settings,
            html=self.html or settings.html,
            not_found=self.not_found or settings.not_found,
            dialect=self.dialect or settings.dialect,
        )


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object of the hosting bucket: the file `path` of the site, and what S3 stores with it."""

    path: str
    source: Path
    headers: Headers


@dataclass(frozen=True, slots=True)
class CompiledSite:
    """A site as the edge would find it.

    `objects` is the hosting bucket by key, `store` the KeyValueStore when production points at the
    version. `findings` are all that is to be told about the files of rules.
    """

    folder: SiteFolder
    read: RulesRead
    manifest: Manifest
    routing: Routing
    objects: Mapping[str, StoredObject]
    store: Mapping[str, str]
    findings: tuple[Finding, ...]

    def index(self) -> FileIndex:
        """The site's files, to be resolved."""
        return FileIndex((file.path, file.layer) for file in self.manifest.files)


class _Bucket:
    """The hosting bucket."""

    def __init__(self, objects: dict[str, StoredObject]) -> None:
        self._objects = objects

    def copy(
        self, _bucket: str, source_key: str, key: str, headers: Mapping[str, str] | None = None
    ) -> None:
        """Store the object at `source_key` once more."""
        found = self._objects[source_key]
        self._objects[key] = replace(
            found, headers=found.headers if headers is None else tuple(headers.items())
        )


class _EmptyStore:
    """A store that has room."""

    def make_room(self, version: int, wanted_bytes: int) -> None:
        """There is."""


def compile_site(
    folder: SiteFolder, change: Callable[[SiteSettings], SiteSettings] = lambda s: s
) -> CompiledSite:
    """What a deployment of `folder` would make. `change` may replace settings of decant.toml.

    Whether `findings` have errors, for which a deployment would be refused, is the caller's to ask.
    Raises UploadRefused when the redirects are too many.
    """
    read = read_rules(folder.rules, change)
    paths = sorted(folder.sources)
    ruled, problems = file_headers(paths, header_pairs, read)
    headers = {path: stored_pairs(path, ruled) for path in paths}
    sizes = {file.path: file.entry.bytes for file in folder.site.files}
    files = tuple(
        ManifestFile(path, sizes[path], _NO_SHA256, _NO_CRC32, pairs, NUMBER)
        for path, pairs in headers.items()
    )
    objects = {
        object_key(NUMBER, path): StoredObject(path, folder.sources[path], pairs)
        for path, pairs in headers.items()
    }
    manifest = Manifest(NUMBER, files, rules=read.rules)
    manifest = replace(manifest, status_pages=status_pages(manifest))
    layout = Layout(_Bucket(objects), _EmptyStore(), hosting_bucket=_BUCKET)
    manifest, routing = layout(manifest, _VERSION)
    version = replace(_VERSION, rules=routing.rules)
    store = {**routing.store_entries(version), store_key(DEFAULT_ALIAS): encode(version)}
    findings = (*read.findings, *problems, *routing.findings)
    return CompiledSite(folder, read, manifest, routing, objects, store, findings)
