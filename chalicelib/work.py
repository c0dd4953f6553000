"""The working papers of one deployment, JSON in the artifact bucket below `deployments/<id>/`.

- `shards.json`: the items of the Distributed Map, `[{"deployment_id", "shard"}, ...]`
- `shards/<n>.json`: one shard: a byte range of the zip and the entries in it
- `stored/<n>.json`: what Copy has stored of that shard, with the sha256 of each file

They let any task be repeated: a shard with a `stored` paper is done. They expire after 30 days.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from chalicelib.archive import Entry, SiteFile

MB = 1024 * 1024
SHARD_BYTES = 64 * MB  # of the zip; at 30 MB/s (a small Lambda reading S3) some 2 s
SHARD_FILES = 1_000  # at 100 PUTs a second some 10 s; bounds a retry's cost
_ENTRY_FIELDS = tuple(field.name for field in fields(Entry))
_GAP_BYTES = 1 * MB  # bytes between two wanted entries that are cheaper read than asked for anew


@dataclass(frozen=True, slots=True)
class Shard:
    """A run of neighbouring entries: the bytes [start, end) of the zip hold them all."""

    number: int
    start: int
    end: int
    files: tuple[SiteFile, ...]


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that Copy has stored: its site path, size and sha256 (64 hex digits)."""

    path: str
    bytes: int
    sha256: str


def folder(deployment_id: str) -> str:
    """Where the papers of a deployment are kept; ends with `/`."""
    return f"deployments/{deployment_id}/"


def shards_key(deployment_id: str) -> str:
    """The list of shards."""
    return f"{folder(deployment_id)}shards.json"


def shard_key(deployment_id: str, number: int) -> str:
    """One shard."""
    return f"{folder(deployment_id)}shards/{number:05d}.json"


def stored_key(deployment_id: str, number: int) -> str:
    """What was stored of one shard."""
    return f"{folder(deployment_id)}stored/{number:05d}.json"


def plan_shards(files: Sequence[SiteFile]) -> tuple[Shard, ...]:
    """Cut the zip into shards of at most 64 MB or 1,000 files, in the order of their bytes.

    A single larger file is a shard of its own.
    """
    shards: list[Shard] = []
    run: list[SiteFile] = []
    for file in sorted(files, key=lambda file: file.entry.header_offset):
        if run and _is_full(run, file):
            shards.append(_shard(len(shards), run))
            run = []
        run.append(file)
    if run:
        shards.append(_shard(len(shards), run))
    return tuple(shards)


def _is_full(run: Sequence[SiteFile], file: SiteFile) -> bool:
    """Whether `file` must not join `run`."""
    return (
        len(run) == SHARD_FILES
        or file.end_offset - run[0].entry.header_offset > SHARD_BYTES
        or file.entry.header_offset - run[-1].end_offset > _GAP_BYTES
    )


def _shard(number: int, run: Sequence[SiteFile]) -> Shard:
    return Shard(number, run[0].entry.header_offset, run[-1].end_offset, tuple(run))


def encode_items(deployment_id: str, shards: Sequence[Shard]) -> bytes:
    """The items of the Distributed Map."""
    return json.dumps(
        [{"deployment_id": deployment_id, "shard": shard.number} for shard in shards]
    ).encode()


def encode_shard(shard: Shard) -> bytes:
    """One shard as JSON; the names as stored, which are bytes, one character a byte."""
    document = {
        "number": shard.number,
        "start": shard.start,
        "end": shard.end,
        "files": [
            {
                "path": file.path,
                "end_offset": file.end_offset,
                "entry": _entry_document(file.entry),
            }
            for file in shard.files
        ],
    }
    return json.dumps(document, separators=(",", ":")).encode()


def _entry_document(entry: Entry) -> dict[str, Any]:
    document = {name: getattr(entry, name) for name in _ENTRY_FIELDS}  # asdict is 5 times slower
    document["raw_name"] = entry.raw_name.decode("latin-1")
    return document


def decode_shard(data: bytes) -> Shard:
    """The shard in `data`, which `encode_shard` wrote."""
    document = json.loads(data)
    return Shard(
        document["number"],
        document["start"],
        document["end"],
        tuple(_site_file(file) for file in document["files"]),
    )


def _site_file(file: dict[str, Any]) -> SiteFile:
    entry = file["entry"] | {"raw_name": file["entry"]["raw_name"].encode("latin-1")}
    return SiteFile(file["path"], Entry(**entry), file["end_offset"])


def encode_stored(files: Sequence[StoredFile]) -> bytes:
    """What was stored of a shard, as JSON."""
    return json.dumps(
        [{"path": file.path, "bytes": file.bytes, "sha256": file.sha256} for file in files],
        separators=(",", ":"),
    ).encode()


def decode_stored(data: bytes) -> tuple[StoredFile, ...]:
    """What `encode_stored` wrote."""
    return tuple(StoredFile(**file) for file in json.loads(data))
