"""Puts a zip into the source bucket and says which object version that made.

Touches S3 through the client it is given and reads one file. boto3's transfer manager does the
work: parts in parallel, retries, an abort when the upload fails or is interrupted.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from boto3.s3.transfer import TransferConfig

from chalicelib.errors import AwsError
from chalicelib.ids import deployment_id
from decant.aws_errors import asking

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MB = 1024 * 1024
_PART_BYTES = 8 * MB  # also the size from which parts are used; S3 wants at least 5 MB a part
_NAME_CHARACTERS = 100
_NAMELESS = "site"
# The operations that make an object version, and whose answers name it.
_VERSION_MAKERS = ("after-call.s3.PutObject", "after-call.s3.CompleteMultipartUpload")


@dataclass(frozen=True, slots=True)
class Uploaded:
    """One version of one object in the source bucket, and the deployment it sets going."""

    bucket: str
    key: str
    version_id: str
    size_bytes: int

    @property
    def deployment_id(self) -> str:
        """What the deployment of this upload is or will be called."""
        return deployment_id(self.bucket, self.key, self.version_id)


class Uploader(Protocol):
    """What the commands ask of an uploader."""

    def upload(self, file: Path, key: str, progress: Callable[[int], None]) -> Uploaded:
        """Store `file` as `key`; `progress` is called with the bytes sent since the last call,
        from any thread. Raises AccessDenied, Missing, AwsError."""


def object_key(alias: str, path: Path) -> str:
    """The key under which a folder or zip is uploaded for `alias`: `<alias>/<name>.zip`.

    The name comes from `path`; what is not a letter, digit, dot, hyphen or underscore becomes a
    hyphen, and 100 characters are kept.
    """
    name = path.resolve().name
    if name.lower().endswith(".zip"):
        name = name[: -len(".zip")]
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip(".-")[:_NAME_CHARACTERS]
    return f"{alias}/{name or _NAMELESS}.zip"


class S3Uploader:
    """Uploads to one bucket through one client, which is used for nothing else meanwhile."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def upload(self, file: Path, key: str, progress: Callable[[int], None]) -> Uploaded:
        """Store `file` as `key`; S3 checks the SHA-256 of what arrives.

        The version id is the one in S3's answer to this very upload: asking for the object
        afterwards could find a later upload under the same key. boto3's `upload_file` keeps that
        answer to itself, so it is noted as it passes through the client's events.
        """
        answers: list[dict[str, Any]] = []  # botocore's parsed answers are untyped

        def note(parsed: dict[str, Any], **_: object) -> None:
            answers.append(parsed)

        events = self._client.meta.events
        for name in _VERSION_MAKERS:
            events.register(name, note)
        try:
            with asking(f"s3://{self._bucket}/{key}"):
                self._client.upload_file(
                    Filename=str(file),
                    Bucket=self._bucket,
                    Key=key,
                    ExtraArgs={"ChecksumAlgorithm": "SHA256", "ContentType": "application/zip"},
                    Callback=progress,
                    Config=_transfer_config(),
                )
        finally:
            for name in _VERSION_MAKERS:
                events.unregister(name, note)
        version_id = answers[-1].get("VersionId") if answers else None
        if not version_id or version_id == "null":
            raise AwsError(
                f"The bucket {self._bucket} keeps no versions, so the upload of {key} cannot be "
                "deployed: run `decant bootstrap` for this stage again."
            )
        return Uploaded(self._bucket, key, str(version_id), file.stat().st_size)


def _transfer_config() -> TransferConfig:
    return TransferConfig(
        multipart_threshold=_PART_BYTES,
        multipart_chunksize=_PART_BYTES,
        # On some EC2 types boto3 would take the CRT client, which has no events.
        preferred_transfer_client="classic",
    )
