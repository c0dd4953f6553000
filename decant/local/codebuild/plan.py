"""What a build will do: a project and a StartBuild request turned into a plan. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from decant.local.codepipeline.errors import ApiError

DEFAULT_TIMEOUT_MINUTES = 60
_SECONDS_PER_MINUTE = 60
_RUNNABLE_SOURCES = ("S3", "CODEPIPELINE", "NO_SOURCE")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a source lies: "bucket/key" of a zip, nothing for NO_SOURCE."""

    kind: str
    location: str
    identifier: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """Where artifacts go.

    `location` is "bucket/key" for CODEPIPELINE and a bucket for S3, where `path`, `namespace`
    ("BUILD_ID" or "NONE"), `name` and `packaging` ("ZIP" or "NONE") make the key.
    """

    kind: str
    location: str
    path: str = ""
    namespace: str = "NONE"
    name: str = ""
    packaging: str = "NONE"
    identifier: str = ""


@dataclass(frozen=True, slots=True)
class BuildPlan:
    """One build. `variables` are the project's and the request's, the request's winning."""

    build_id: str
    project: str
    role_arn: str
    source: Source
    secondary_sources: tuple[Source, ...]
    target: Target
    secondary_targets: tuple[Target, ...]
    buildspec: str
    variables: Mapping[str, str]
    image: str
    initiator: str
    timeout_seconds: int

    @property
    def uuid(self) -> str:
        """The part of the id behind the project's name; also the log stream's name."""
        return self.build_id.partition(":")[2]

    @property
    def log_group(self) -> str:
        """The CloudWatch Logs group."""
        return f"/aws/codebuild/{self.project}"


def make_plan(
    project: Mapping[str, Any], request: Mapping[str, Any], build_id: str, caller: str
) -> BuildPlan:
    """The build that `request` (StartBuild's input) asks of `project`.

    `caller` is the initiator when the request names none.
    Raises ApiError(InvalidInputException) for what cannot run on this machine.
    """
    variables = _variables(project.get("environment", {}).get("environmentVariables"))
    variables |= _variables(request.get("environmentVariablesOverride"))
    initiator = variables.pop("CODEBUILD_INITIATOR", "") or caller
    source = _source(project, request)
    secondary = request.get("secondarySourcesOverride") or project.get("secondarySources") or []
    targets = request.get("secondaryArtifactsOverride") or project.get("secondaryArtifacts") or []
    timeout = request.get("timeoutInMinutesOverride") or project.get("timeoutInMinutes")
    return BuildPlan(
        build_id=build_id,
        project=project["name"],
        role_arn=request.get("serviceRoleOverride") or project["serviceRole"],
        source=source,
        secondary_sources=tuple(
            Source(s["type"], s.get("location", ""), s["sourceIdentifier"]) for s in secondary
        ),
        target=_target(request.get("artifactsOverride") or project.get("artifacts") or {}),
        secondary_targets=tuple(_target(target) for target in targets),
        buildspec=request.get("buildspecOverride")
        or project.get("source", {}).get("buildspec")
        or "buildspec.yml",
        variables=variables,
        image=request.get("imageOverride") or project.get("environment", {}).get("image", ""),
        initiator=initiator,
        timeout_seconds=int(timeout or DEFAULT_TIMEOUT_MINUTES) * _SECONDS_PER_MINUTE,
    )


def _source(project: Mapping[str, Any], request: Mapping[str, Any]) -> Source:
    declared = project.get("source", {})
    kind = request.get("sourceTypeOverride") or declared.get("type", "NO_SOURCE")
    location = request.get("sourceLocationOverride") or declared.get("location", "")
    if kind not in _RUNNABLE_SOURCES:
        raise ApiError(
            "InvalidInputException",
            f"Local AWS builds sources of type {', '.join(_RUNNABLE_SOURCES)}, not {kind}.",
        )
    if kind == "CODEPIPELINE" and not location:
        raise ApiError(
            "InvalidInputException",
            f"Project {project['name']} takes its source from CodePipeline: start its pipeline.",
        )
    return Source(kind, location, version=request.get("sourceVersion", ""))


def _target(declared: Mapping[str, Any]) -> Target:
    return Target(
        kind=declared.get("type", "NO_ARTIFACTS"),
        location=declared.get("location", ""),
        path=declared.get("path", ""),
        namespace=declared.get("namespaceType", "NONE"),
        name=declared.get("name", ""),
        packaging=declared.get("packaging", "NONE"),
        identifier=declared.get("artifactIdentifier", ""),
    )


def _variables(entries: Sequence[Mapping[str, str]] | None) -> dict[str, str]:
    found = {}
    for entry in entries or []:
        kind = entry.get("type") or "PLAINTEXT"
        if kind != "PLAINTEXT":
            raise ApiError(
                "InvalidInputException",
                f"Local builds have plain variables only: {entry['name']} is of type {kind}.",
            )
        found[entry["name"]] = str(entry["value"])
    return found


def s3_key(target: Target, build_uuid: str, name_in_buildspec: str) -> str:
    """The key (ZIP) or the folder (NONE) of an S3 target's artifacts."""
    name = target.name or name_in_buildspec
    parts = [target.path.strip("/"), build_uuid if target.namespace == "BUILD_ID" else "", name]
    return "/".join(part for part in parts if part and part != "/")


def build_environment(
    plan: BuildPlan,
    *,
    number: int,
    arn: str,
    started_seconds: float,
    source_folder: str,
    secondary_folders: Mapping[str, str],
) -> dict[str, str]:
    """The CODEBUILD_ variables of a build."""
    version = plan.source.version
    if plan.source.kind == "CODEPIPELINE":
        version = f"arn:aws:s3:::{plan.source.location}"
    made = {
        "CODEBUILD_BUILD_ID": plan.build_id,
        "CODEBUILD_BUILD_ARN": arn,
        "CODEBUILD_BUILD_NUMBER": str(number),
        "CODEBUILD_BUILD_IMAGE": plan.image,
        "CODEBUILD_INITIATOR": plan.initiator,
        "CODEBUILD_LOG_PATH": plan.uuid,
        "CODEBUILD_RESOLVED_SOURCE_VERSION": plan.source.version,
        "CODEBUILD_SOURCE_VERSION": version,
        "CODEBUILD_SOURCE_REPO_URL": plan.source.location,
        "CODEBUILD_SRC_DIR": source_folder,
        "CODEBUILD_START_TIME": str(int(started_seconds * 1000)),
    }
    extra = {f"CODEBUILD_SRC_DIR_{name}": where for name, where in secondary_folders.items()}
    return {**made, **extra}
