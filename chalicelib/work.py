"""The working papers of one deployment, in the artifact bucket below `deployments/<id>/`.

- `shards.json`: the items of the Distributed Map, one a shard: its number and where its paper is
- `plan.json`: the papers of all shards, one behind the other; each says which bytes of the zip to
  read, the entries in them with the headers that they are stored with, and which of these files are
  stored already as far as one can know
- `rules.json`: the rules that the site brings along; not there when it brings none
- `stored/<n>.json`: what Copy has made of a shard: sha256, headers and layer of each of its files
- `stored/<n>-part.json`: the same of the files that an unfinished Copy has stored

They let any task be repeated: a shard with a `stored` paper is done. They expire after 30 days.
One object for all papers, since each PUT costs more than the reading of a range.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chalicelib.archive import Entry, SiteFile
from chalicelib.header_sets import Headers, HeaderSets, read_header_sets

MB = 1024 * 1024
SHARD_BYTES = 64 * MB  # of the zip; at 30 MB/s (a small Lambda reading S3) some 2 s
SHARD_NEW_FILES = 1_000  # to store; at 100 PUTs a second some 10 s; bounds a retry's cost
SHARD_FILES = 10_000  # to read and hash, some 2 s; bounds the paper, some 2 MB
_GAP_BYTES = 1 * MB  # bytes between two wanted entries that are cheaper read than asked for anew


@dataclass(frozen=True, slots=True)
class Known:
    """A file that seems to be stored in `layer`: if its content has this sha256 (hex), it is."""

    sha256: str
    layer: int


@dataclass(frozen=True, slots=True)
class Shard:
    """A run of neighbouring entries: the bytes [start, end) of the zip hold them all.

    By path: the `headers` that the site's rules give to `files`, and those that seem to be `known`.
    """

    number: int
    start: int
    end: int
    files: tuple[SiteFile, ...]
    headers: Mapping[str, Headers]
    known: Mapping[str, Known] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Paper:
    """Where the paper of shard `number` is in `plan.json`: the bytes [start, end)."""

    number: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of the zip that is stored: as the manifest will have it."""

    path: str
    bytes: int
    sha256: str  # 64 hex digits
    crc32: int
    headers: Headers
    layer: int


def folder(deployment_id: str) -> str:
    """Where the papers of a deployment are kept; ends with `/`."""
    return f"deployments/{deployment_id}/"


def items_key(deployment_id: str) -> str:
    """The items of the Distributed Map."""
    return f"{folder(deployment_id)}shards.json"


def plan_key(deployment_id: str) -> str:
    """The papers of all shards."""
    return f"{folder(deployment_id)}plan.json"


def rules_key(deployment_id: str) -> str:
    """The rules that the site brings along."""
    return f"{folder(deployment_id)}rules.json"


def stored_key(deployment_id: str, number: int) -> str:
    """What was made of one shard."""
    return f"{folder(deployment_id)}stored/{number:05d}.json"


def part_key(deployment_id: str, number: int) -> str:
    """What an unfinished Copy of one shard has stored."""
    return f"{folder(deployment_id)}stored/{number:05d}-part.json"


def plan_shards(
    files: Sequence[SiteFile],
    headers: Mapping[str, Headers],
    known: Mapping[str, Known] | None = None,
) -> tuple[Shard, ...]:
    """Cut the zip into shards, in the order of its bytes: at most 64 MB of it each, 1,000 files
    that must be stored, and 10,000 in all. A single larger file is a shard of its own. `headers`
    are those that the site's rules give to files, by path.
    """
    stored = known or {}
    shards: list[Shard] = []
    run: list[SiteFile] = []
    new = 0
    for file in sorted(files, key=lambda file: file.entry.header_offset):
        is_new = file.path not in stored
        if run and (_is_full(run, file) or new + is_new > SHARD_NEW_FILES):
            shards.append(_shard(len(shards), run, headers, stored))
            run, new = [], 0
        run.append(file)
        new += is_new
    if run:
        shards.append(_shard(len(shards), run, headers, stored))
    return tuple(shards)


def _is_full(run: Sequence[SiteFile], file: SiteFile) -> bool:
    """Whether `file` must not join `run`, wherever it is stored."""
    return (
        len(run) == SHARD_FILES
        or file.end_offset - run[0].entry.header_offset > SHARD_BYTES
        or file.entry.header_offset - run[-1].end_offset > _GAP_BYTES
    )


def _shard(
    number: int,
    run: Sequence[SiteFile],
    headers: Mapping[str, Headers],
    known: Mapping[str, Known],
) -> Shard:
    theirs = {file.path: headers[file.path] for file in run if file.path in headers}
    here = {file.path: known[file.path] for file in run if file.path in known}
    start, end = run[0].entry.header_offset, run[-1].end_offset
    return Shard(number, start, end, tuple(run), theirs, here)


def encode_plan(shards: Iterable[Shard]) -> tuple[bytes, tuple[Paper, ...]]:
    """`plan.json`, and where in it the paper of each shard is."""
    plan = bytearray()
    papers = []
    for shard in shards:
        start = len(plan)
        plan += encode_shard(shard)
        papers.append(Paper(shard.number, start, len(plan)))
    return bytes(plan), tuple(papers)


def encode_items(deployment_id: str, papers: Iterable[Paper]) -> bytes:
    """The items of the Distributed Map; each holds all that its child needs."""
    items = [
        {
            "deployment_id": deployment_id,
            "shard": paper.number,
            "paper_start": paper.start,
            "paper_end": paper.end,
        }
        for paper in papers
    ]
    return json.dumps(items).encode()


def encode_shard(shard: Shard) -> bytes:
    """One shard as JSON: `{"number", "start", "end", "headers", "files": [[path, ...], ...]}`."""
    sets = HeaderSets()
    rows = [
        _row(file, _index(sets, shard.headers.get(file.path)), shard.known.get(file.path))
        for file in shard.files
    ]
    document = {
        "number": shard.number,
        "start": shard.start,
        "end": shard.end,
        "headers": sets.documents(),
        "files": rows,
    }
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def _index(sets: HeaderSets, headers: Headers | None) -> int | None:
    return None if headers is None else sets.index(headers)


def _row(file: SiteFile, headers: int | None, known: Known | None) -> list[Any]:
    entry = file.entry
    row: list[Any] = [
        file.path,
        file.end_offset,
        entry.name,
        # As stored it is bytes, one character each; null when they are the name's own.
        None if entry.name.encode() == entry.raw_name else entry.raw_name.decode("latin-1"),
        entry.flags,
        entry.method,
        entry.crc32,
        entry.compressed_bytes,
        entry.bytes,
        entry.header_offset,
        entry.mode,
        headers,
    ]
    return row if known is None else [*row, known.sha256, known.layer]


def decode_shard(data: bytes) -> Shard:
    """The shard in `data`, which `encode_shard` wrote."""
    document = json.loads(data)
    rows = document["files"]
    sets = read_header_sets(document["headers"])
    files = tuple(_site_file(*row[:11]) for row in rows)
    headers = {row[0]: sets[row[11]] for row in rows if row[11] is not None}
    known = {row[0]: Known(*row[12:]) for row in rows if len(row) > 12}
    return Shard(document["number"], document["start"], document["end"], files, headers, known)


def _site_file(path: str, end_offset: int, name: str, raw: str | None, *entry: int) -> SiteFile:
    raw_name = name.encode() if raw is None else raw.encode("latin-1")
    return SiteFile(path, Entry(name, raw_name, *entry), end_offset)


def encode_stored(files: Iterable[StoredFile]) -> bytes:
    """What was made of a shard, as JSON: `{"headers", "files": [[path, ...], ...]}`."""
    sets = HeaderSets()
    rows = [
        [file.path, file.bytes, file.sha256, file.crc32, sets.index(file.headers), file.layer]
        for file in files
    ]
    document = {"headers": sets.documents(), "files": rows}
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def decode_stored(data: bytes) -> tuple[StoredFile, ...]:
    """What `encode_stored` wrote."""
    document = json.loads(data)
    sets = read_header_sets(document["headers"])
    return tuple(
        StoredFile(path, size, sha256, crc32, sets[index], layer)
        for path, size, sha256, crc32, index, layer in document["files"]
    )
