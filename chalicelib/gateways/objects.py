"""S3: ranged reads of uploads, and files written with the headers that travel with them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NotRequired, TypedDict

from chalicelib.errors import AwsError, Missing, PreconditionFailed, VersionCorrupt
from chalicelib.gateways.puts import Puts
from chalicelib.gateways.translate import translated

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef, CopySourceTypeDef

MB = 1024 * 1024
PART_BYTES = 8 * MB  # S3 wants at least 5 MB a part; 10,000 parts of 8 MB are 80 GB
_CHUNK_BYTES = 256 * 1024
_META = "x-amz-meta-"
_DELETE_BATCH = 1_000  # S3's limit for DeleteObjects


@dataclass(frozen=True, slots=True)
class StoredObject:
    """What S3 knows of one object version: its size and when it was stored (whole seconds)."""

    size_bytes: int
    stored_at: datetime


class Objects:
    """Reads and writes objects of any of the stage's buckets that the role allows."""

    def __init__(self, client: S3Client, puts: Puts | None = None) -> None:
        """`puts` stores whole objects at a tenth of the cost of `client`, which else does it."""
        self._client = client
        self._puts = puts

    def head(self, bucket: str, key: str, version_id: str) -> StoredObject:
        """Size and time of one object version. Raises Missing, AccessDenied, AwsError."""
        with translated(f"object {key} (version {version_id}) in {bucket}"):
            answer = self._client.head_object(Bucket=bucket, Key=key, VersionId=version_id)
        return StoredObject(answer["ContentLength"], answer["LastModified"])

    def stream(
        self, bucket: str, key: str, version_id: str, start: int, end: int
    ) -> Iterator[bytes]:
        """The bytes [start, end) of one object version, in chunks of 256 KB at the most.

        Raises Missing, AccessDenied, AwsError (also when the answer has another length).
        """
        with translated(f"object {key} (version {version_id}) in {bucket}"):
            answer = self._client.get_object(
                Bucket=bucket, Key=key, VersionId=version_id, Range=f"bytes={start}-{end - 1}"
            )
            if answer["ContentLength"] != end - start:
                raise AwsError(
                    f"S3 answered {answer['ContentLength']} instead of {end - start} bytes of "
                    f"{key}: the range was not honoured.",
                    operation="GetObject",
                )
            yield from answer["Body"].iter_chunks(_CHUNK_BYTES)

    def get(self, bucket: str, key: str) -> bytes:
        """The whole of a small object. Raises Missing, AccessDenied, AwsError."""
        with translated(f"object {key} in {bucket}"):
            return self._client.get_object(Bucket=bucket, Key=key)["Body"].read()

    def get_range(self, bucket: str, key: str, start: int, end: int) -> bytes:
        """The bytes [start, end) of a small object. Raises Missing, AccessDenied, AwsError."""
        with translated(f"object {key} in {bucket}"):
            answer = self._client.get_object(
                Bucket=bucket, Key=key, Range=f"bytes={start}-{end - 1}"
            )
            return answer["Body"].read()

    def find(self, bucket: str, key: str) -> bytes | None:
        """The whole of a small object; None when there is none."""
        try:
            return self.get(bucket, key)
        except Missing:
            return None

    def put(
        self,
        bucket: str,
        key: str,
        body: bytes,
        headers: Mapping[str, str],
        *,
        sha256: bytes | None = None,
    ) -> None:
        """Store `body` in one request; S3 checks its sha256 (32 bytes; computed when not given).

        `headers`: content-type, maybe cache-control, and any `x-amz-meta-`. Raises AccessDenied,
        Missing, Throttled, AwsError.
        """
        sha256 = sha256 or hashlib.sha256(body).digest()
        with translated(f"object {key} in {bucket}"):
            if self._puts:
                self._puts.put(bucket, key, body, headers, sha256)
                return
            self._client.put_object(
                Bucket=bucket,
                Key=key,
                Body=body,
                ChecksumSHA256=base64.b64encode(sha256).decode(),
                **_fields(headers),
            )

    def put_stream(
        self, bucket: str, key: str, chunks: Iterable[bytes], headers: Mapping[str, str]
    ) -> None:
        """Store a file of any size in parts of 8 MB: never more than two parts are in memory.

        An upload that cannot be completed is aborted, so that no part is left to pay for.
        """
        what = f"object {key} in {bucket}"
        with translated(what):
            upload = self._client.create_multipart_upload(
                Bucket=bucket,
                Key=key,
                ChecksumAlgorithm="SHA256",
                **_fields(headers),
            )["UploadId"]
        try:
            parts = [
                self._put_part(bucket, key, upload, number, part)
                for number, part in enumerate(_parts(chunks), start=1)
            ]
            with translated(what):
                self._client.complete_multipart_upload(
                    Bucket=bucket, Key=key, UploadId=upload, MultipartUpload={"Parts": parts}
                )
        except (AwsError, VersionCorrupt):
            with translated(what):
                self._client.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload)
            raise

    def _put_part(
        self, bucket: str, key: str, upload: str, number: int, body: bytes
    ) -> CompletedPartTypeDef:
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        with translated(f"part {number} of object {key} in {bucket}"):
            answer = self._client.upload_part(
                Bucket=bucket,
                Key=key,
                UploadId=upload,
                PartNumber=number,
                Body=body,
                ChecksumSHA256=digest,
            )
        return {"PartNumber": number, "ETag": answer["ETag"], "ChecksumSHA256": digest}

    def put_json(self, bucket: str, key: str, body: bytes) -> None:
        """Store a document of ours."""
        self.put(
            bucket, key, body, {"content-type": "application/json", "cache-control": "no-store"}
        )

    def create_json(self, bucket: str, key: str, body: bytes) -> bool:
        """Store a document of ours if there is none of that name; whether it was stored."""
        try:
            with translated(f"object {key} in {bucket}"):
                self._client.put_object(
                    Bucket=bucket,
                    Key=key,
                    Body=body,
                    IfNoneMatch="*",
                    ChecksumSHA256=base64.b64encode(hashlib.sha256(body).digest()).decode(),
                    ContentType="application/json",
                    CacheControl="no-store",
                )
        except PreconditionFailed:
            return False
        return True

    def copy(
        self, bucket: str, source_key: str, key: str, headers: Mapping[str, str] | None = None
    ) -> None:
        """Copy an object of at most 5 GB inside S3, with its headers or with `headers`.

        Raises Missing when there is no such object, AccessDenied, Throttled, AwsError.
        """
        source: CopySourceTypeDef = {"Bucket": bucket, "Key": source_key}
        with translated(f"object {source_key} in {bucket}"):
            if headers is None:
                self._client.copy_object(Bucket=bucket, Key=key, CopySource=source)
            else:
                self._client.copy_object(
                    Bucket=bucket,
                    Key=key,
                    CopySource=source,
                    MetadataDirective="REPLACE",
                    **_fields(headers),
                )

    def list(self, bucket: str, prefix: str) -> Iterator[tuple[str, int]]:
        """Every object below `prefix` (which ends with `/`): key and size in bytes."""
        pages = self._client.get_paginator("list_objects_v2")
        with translated(f"folder {prefix} of {bucket}"):
            for page in pages.paginate(Bucket=bucket, Prefix=prefix):
                for item in page.get("Contents", []):
                    yield item["Key"], item["Size"]

    def delete(self, bucket: str, keys: Iterable[str]) -> int:
        """Delete `keys` in batches of 1,000; returns how many. Raises AwsError if S3 keeps one."""
        count = 0
        for batch in _batches(keys, _DELETE_BATCH):
            with translated(f"objects of {bucket}"):
                answer = self._client.delete_objects(
                    Bucket=bucket,
                    Delete={"Objects": [{"Key": key} for key in batch], "Quiet": True},
                )
            for failed in answer.get("Errors", []):
                raise AwsError(
                    f"S3 kept {failed.get('Key')} of {bucket}: {failed.get('Message')}.",
                    operation="DeleteObjects",
                    code=str(failed.get("Code")),
                )
            count += len(batch)
        return count


class ObjectSource:
    """One object version as a `ByteSource` of the archive core: each read is one ranged GET."""

    def __init__(self, objects: Objects, bucket: str, key: str, version_id: str, size: int) -> None:
        self.size = size
        self._where = (bucket, key, version_id)
        self._objects = objects

    def read(self, offset: int, length: int) -> bytes:
        """Exactly `length` bytes from `offset`. Raises AwsError when S3 answers with less."""
        data = b"".join(self._objects.stream(*self._where, offset, offset + length))
        if len(data) != length:
            raise AwsError(
                f"S3 answered {len(data)} of {length} bytes of {self._where[1]}.",
                operation="GetObject",
            )
        return data


class _Fields(TypedDict):
    """How boto3 calls the headers of an object."""

    ContentType: str
    CacheControl: NotRequired[str]
    Metadata: Mapping[str, str]


def _fields(headers: Mapping[str, str]) -> _Fields:
    fields: _Fields = {
        "ContentType": headers["content-type"],
        "Metadata": {
            name.removeprefix(_META): value
            for name, value in headers.items()
            if name.startswith(_META)
        },
    }
    if "cache-control" in headers:
        fields["CacheControl"] = headers["cache-control"]
    return fields


def _parts(chunks: Iterable[bytes]) -> Iterator[bytes]:
    held = bytearray()
    for chunk in chunks:
        held += chunk
        while len(held) >= PART_BYTES:
            with memoryview(held) as view:  # a slice of `held` would be a second copy
                part = bytes(view[:PART_BYTES])
            del held[:PART_BYTES]
            yield part
    if held:
        yield bytes(held)


def _batches(keys: Iterable[str], size: int) -> Iterator[list[str]]:
    batch: list[str] = []
    for key in keys:
        batch.append(key)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
