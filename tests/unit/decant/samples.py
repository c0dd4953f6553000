"""Answers of the admin API as tests need them: everything has a value, tests say what matters."""

from __future__ import annotations

from datetime import UTC, datetime

from chalicelib.records import DeploymentStatus, VersionStatus
from decant.answers import AliasAnswer, DeploymentAnswer, SourceAnswer, VersionAnswer

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
) -> DeploymentAnswer:
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
        warnings=warnings,
    )


def a_version(
    number: int, *aliases: str, status: VersionStatus = "ready", files: int | None = 12
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
    )


def an_alias(
    name: str = "production",
    version: int = 7,
    *,
    locked: bool = False,
    previous: tuple[int, ...] = (),
) -> AliasAnswer:
    return AliasAnswer(
        name=name,
        version=version,
        locked=locked,
        activated_at=NOON,
        activated_by="somebody",
        previous=previous,
    )
