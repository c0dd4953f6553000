"""The manifests in the hosting bucket: each is written once, whole."""

from __future__ import annotations

from collections.abc import Iterable

from chalicelib import manifest
from chalicelib.errors import VersionCorrupt
from chalicelib.gateways.objects import Objects
from chalicelib.manifest import Manifest


class Manifests:
    """Keeps the manifest of each version."""

    def __init__(self, objects: Objects, bucket: str) -> None:
        self._objects = objects
        self._bucket = bucket

    def create(self, new: Manifest) -> Manifest:
        """Store a manifest unless there is one already: then that one holds, and is returned.

        A repeated task must not change what the first has decided. Raises AwsError.
        """
        key = manifest.manifest_key(new.version)
        if self._objects.create_json(self._bucket, key, manifest.encode(new)):
            return new
        return self.read(new.version)

    def find(self, version: int) -> Manifest | None:
        """The manifest of a version; None when there is none. Raises VersionCorrupt, AwsError."""
        data = self._objects.find(self._bucket, manifest.manifest_key(version))
        return manifest.decode(data) if data is not None else None

    def read(self, version: int) -> Manifest:
        """The manifest of a version. Raises VersionCorrupt when there is none, AwsError."""
        found = self.find(version)
        if found is None:
            raise VersionCorrupt(
                f"The manifest of v{version} is not there: upload that version again."
            )
        return found

    def read_those_there(self, versions: Iterable[int]) -> list[Manifest]:
        """The manifests of `versions`, in order, but for those that are gone.

        For what a new version is made from: it can do without, storing more. Raises AwsError.
        """
        return [found for number in versions if (found := self.find(number)) is not None]
