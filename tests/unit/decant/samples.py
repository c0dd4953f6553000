"""Answers of the admin API as tests need them: everything has a value, tests say what matters."""

from __future__ import annotations

from datetime import UTC, datetime

from chalicelib.records import DeploymentStatus, VersionStatus
from decant.answers import (
    AliasAnswer,
    CanaryAnswer,
    CanaryOf,
    DeploymentAnswer,
    DiffAnswer,
    FileChange,
    PrunableVersion,
    PruneAnswer,
    RepairAnswer,
    Repaired,
    SourceAnswer,
    VersionAnswer,
)

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def a_deployment(
    status: DeploymentStatus = "live",
    *,
    deployment_id: str = "d1",
    reason: str | None = None,
    version: int | None = 7,
    shards: int | None = None,
    shards_done: int = 0,
    warnings: tuple[str, ...] = (),
    stored: tuple[int, int] | None = None,
    carried_files: int | None = None,
) -> DeploymentAnswer:
    """`stored` are files and bytes."""
    return DeploymentAnswer(
        id=deployment_id,
        alias="production",
        status=status,
        source=SourceAnswer(
            bucket="source", key="production/site.zip", version_id="x", size_bytes=2048
        ),
        created_at=NOON,
        updated_at=NOON,
        reason=reason,
        version=version,
        files=1234,
        bytes=3 * 1024 * 1024,
        shards=shards,
        shards_done=shards_done,
        stored_files=stored[0] if stored else None,
        stored_bytes=stored[1] if stored else None,
        carried_files=carried_files,
        warnings=warnings,
    )


def a_version(
    number: int,
    *aliases: str,
    status: VersionStatus = "ready",
    files: int | None = 12,
    canaries: tuple[CanaryOf, ...] = (),
) -> VersionAnswer:
    return VersionAnswer(
        number=number,
        status=status,
        alias="production",
        deployment_id=f"d{number}",
        source_key="production/site.zip",
        created_at=NOON,
        files=files,
        bytes=None if files is None else 4096,
        aliases=aliases,
        canaries=canaries,
    )


def an_alias(
    name: str = "production",
    version: int = 7,
    *,
    locked: bool = False,
    previous: tuple[int, ...] = (),
    canary: tuple[int, int] | None = None,
    password: bool = False,
) -> AliasAnswer:
    """`canary` is a version and a share in percent."""
    return AliasAnswer(
        name=name,
        version=version,
        locked=locked,
        activated_at=NOON,
        activated_by="somebody",
        previous=previous,
        canary=CanaryAnswer(version=canary[0], percent=canary[1]) if canary else None,
        password=password,
    )


def a_file(path: str, before: int | None, after: int | None) -> FileChange:
    """A file of a diff with its sizes in bytes; None: it is not there."""
    change = "added" if before is None else "removed" if after is None else "changed"
    return FileChange.model_validate(
        {"path": path, "change": change, "bytes": after, "bytes_before": before}
    )


def a_diff(*files: FileChange, unchanged_files: int = 12) -> DiffAnswer:
    """A diff of v41 and v42; each unchanged file has 1 KB."""

    def tally(change: str) -> dict[str, int]:
        found = [file for file in files if file.change == change]
        sizes = [file.bytes if file.bytes is not None else file.bytes_before for file in found]
        return {"files": len(found), "bytes": sum(size or 0 for size in sizes)}

    return DiffAnswer.model_validate(
        {
            "from": 41,
            "to": 42,
            "added": tally("added"),
            "changed": tally("changed"),
            "removed": tally("removed"),
            "unchanged": {"files": unchanged_files, "bytes": unchanged_files * 1024},
            "files": files,
        }
    )


def a_repair(*repaired: Repaired, checked: int = 9, more: bool = False) -> RepairAnswer:
    return RepairAnswer(repaired=repaired, checked=checked, more=more)


def a_prune(*numbers: int) -> PruneAnswer:
    """That many versions can go, each with as many files as its number, of 1 KB each."""
    versions = tuple(
        PrunableVersion(
            number=number,
            alias="production",
            status="ready",
            files=number,
            bytes=number * 1024,
            created_at=NOON,
        )
        for number in numbers
    )
    return PruneAnswer(versions=versions, running=False)
