"""A pipeline as the executor sees it, and the rules a declaration has to follow. Pure.

`parse` takes the declaration of the API (camelCase keys, as GetPipeline returns it) whose shape has
been checked already, see shapes.py. Rules: the user guide's "Pipeline structure reference".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from decant.local.codepipeline.errors import ApiError
from decant.local.codepipeline.variables import (
    EXECUTION_NAMESPACE,
    PIPELINE_VARIABLES,
    references,
)

MIN_STAGES = 2
MAX_STAGES = 50
MAX_ACTIONS_PER_STAGE = 50

_REQUIRED_KEYS = {
    "Source/S3": ("S3Bucket", "S3ObjectKey"),
    "Build/CodeBuild": ("ProjectName",),
    "Invoke/StepFunctions": ("StateMachineArn",),
}


@dataclass(frozen=True, slots=True)
class Action:
    """One action; `kind` is category and provider ("Source/S3"), `run_order` is 1..999."""

    name: str
    kind: str
    run_order: int
    configuration: Mapping[str, str]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    namespace: str | None
    role_arn: str | None

    @property
    def is_source(self) -> bool:
        """Whether the action starts a pipeline."""
        return self.kind.startswith("Source/")


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage and its actions in order of `run_order`."""

    name: str
    actions: tuple[Action, ...]

    def groups(self) -> tuple[tuple[Action, ...], ...]:
        """Actions that run at the same time, group after group."""
        return tuple(tuple(group) for _, group in groupby(self.actions, lambda a: a.run_order))


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A valid pipeline. `variables` maps a name to its default, None when a value is required."""

    name: str
    role_arn: str
    artifact_bucket: str
    mode: str
    stages: tuple[Stage, ...]
    variables: Mapping[str, str | None]

    def source(self, action_name: str) -> Action | None:
        """The source action of that name."""
        found = (a for s in self.stages for a in s.actions if a.is_source and a.name == action_name)
        return next(found, None)


def with_defaults(declaration: Mapping[str, Any]) -> dict[str, Any]:
    """The declaration with what AWS fills in: type V1, mode SUPERSEDED, run order 1."""
    stages = [
        {**stage, "actions": [_action_with_defaults(action) for action in stage["actions"]]}
        for stage in declaration["stages"]
    ]
    return {
        "pipelineType": "V1",
        "executionMode": "SUPERSEDED",
        **declaration,
        "stages": stages,
    }


def _action_with_defaults(action: Mapping[str, Any]) -> dict[str, Any]:
    defaults: dict[str, Any] = {
        "runOrder": 1,
        "configuration": {},
        "inputArtifacts": [],
        "outputArtifacts": [],
    }
    return {**defaults, **action}


def parse(declaration: Mapping[str, Any], region: str) -> Pipeline:
    """The pipeline that `declaration` (with defaults) describes.

    Raises ApiError (InvalidStructureException, InvalidActionDeclarationException,
    InvalidStageDeclarationException, ValidationException) for a rule it breaks.
    """
    pipeline = Pipeline(
        name=declaration["name"],
        role_arn=declaration["roleArn"],
        artifact_bucket=_artifact_bucket(declaration, region),
        mode=declaration["executionMode"],
        stages=tuple(_stage(stage) for stage in declaration["stages"]),
        variables={v["name"]: v.get("defaultValue") for v in declaration.get("variables", [])},
    )
    if declaration["pipelineType"] == "V1" and (
        pipeline.variables or declaration.get("triggers") or pipeline.mode != "SUPERSEDED"
    ):
        raise ApiError(
            "ValidationException",
            "Variables, triggers and the execution modes QUEUED and PARALLEL need a pipeline of "
            "type V2.",
        )
    _check_stages(pipeline)
    _check_artifacts(pipeline)
    _check_references(pipeline)
    return pipeline


def _artifact_bucket(declaration: Mapping[str, Any], region: str) -> str:
    store = declaration.get("artifactStore")
    store = store or declaration.get("artifactStores", {}).get(region)
    if not store:
        raise ApiError(
            "InvalidStructureException",
            f"The pipeline has no artifact store for the region {region}.",
        )
    return str(store["location"])


def _stage(stage: Mapping[str, Any]) -> Stage:
    actions = sorted((_action(a) for a in stage["actions"]), key=lambda a: a.run_order)
    return Stage(stage["name"], tuple(actions))


def _action(action: Mapping[str, Any]) -> Action:
    kind = f"{action['actionTypeId']['category']}/{action['actionTypeId']['provider']}"
    return Action(
        name=action["name"],
        kind=kind,
        run_order=action["runOrder"],
        configuration=dict(action["configuration"]),
        inputs=tuple(a["name"] for a in action["inputArtifacts"]),
        outputs=tuple(a["name"] for a in action["outputArtifacts"]),
        namespace=action.get("namespace"),
        role_arn=action.get("roleArn"),
    )


def _check_stages(pipeline: Pipeline) -> None:
    if not MIN_STAGES <= len(pipeline.stages) <= MAX_STAGES:
        raise ApiError(
            "InvalidStructureException",
            f"A pipeline has {MIN_STAGES} to {MAX_STAGES} stages, this one has "
            f"{len(pipeline.stages)}.",
        )
    if len({stage.name for stage in pipeline.stages}) != len(pipeline.stages):
        raise ApiError("InvalidStageDeclarationException", "Two stages have the same name.")
    for position, stage in enumerate(pipeline.stages):
        if not 1 <= len(stage.actions) <= MAX_ACTIONS_PER_STAGE:
            raise ApiError(
                "InvalidStageDeclarationException",
                f"Stage {stage.name} has to have 1 to {MAX_ACTIONS_PER_STAGE} actions.",
            )
        if len({action.name for action in stage.actions}) != len(stage.actions):
            raise ApiError(
                "InvalidActionDeclarationException",
                f"Two actions of stage {stage.name} have the same name.",
            )
        for action in stage.actions:
            if action.is_source != (position == 0):
                raise ApiError(
                    "InvalidStructureException",
                    f"Action {action.name} is in stage {stage.name}: the first stage holds source "
                    "actions, and only that one does.",
                )
            _check_action(action)


def _check_action(action: Action) -> None:
    missing = [k for k in _REQUIRED_KEYS.get(action.kind, ()) if k not in action.configuration]
    if missing:
        raise ApiError(
            "InvalidActionDeclarationException",
            f"Action configuration for action '{action.name}' is missing required configuration "
            f"{', '.join(repr(key) for key in missing)}.",
        )
    if action.kind == "Build/CodeBuild":
        if len(action.inputs) > 1 and "PrimarySource" not in action.configuration:
            raise ApiError(
                "InvalidActionDeclarationException",
                f"Action '{action.name}' has several input artifacts and names no PrimarySource.",
            )
        build_variables(action.configuration.get("EnvironmentVariables", "[]"), action.name)


def build_variables(text: str, action_name: str) -> list[dict[str, str]]:
    """The EnvironmentVariables of a CodeBuild action: a JSON list of name, value, type.

    Raises ApiError when it is not.
    """
    try:
        entries = json.loads(text)
        return [
            {
                "name": str(entry["name"]),
                "value": str(entry["value"]),
                "type": str(entry.get("type", "PLAINTEXT")),
            }
            for entry in entries
        ]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ApiError(
            "InvalidActionDeclarationException",
            f"EnvironmentVariables of action '{action_name}' is not a JSON list of objects with "
            f"name and value: {error!r}.",
        ) from error


def _check_artifacts(pipeline: Pipeline) -> None:
    made: set[str] = set()
    for stage in pipeline.stages:
        for group in stage.groups():
            for action in group:
                unknown = [name for name in action.inputs if name not in made]
                if unknown:
                    raise ApiError(
                        "InvalidStructureException",
                        f"Input Artifact Bundle {unknown[0]} in action {action.name} is not the "
                        "output of an earlier action.",
                    )
            for name in (name for action in group for name in action.outputs):
                if name in made:
                    raise ApiError(
                        "InvalidStructureException",
                        f"Output Artifact Bundle name must be unique: {name} is made twice.",
                    )
                made.add(name)


def _check_references(pipeline: Pipeline) -> None:
    known = {EXECUTION_NAMESPACE, PIPELINE_VARIABLES}
    for stage in pipeline.stages:
        for group in stage.groups():
            for action, key, namespace, name in _references_of(group):
                where = f"StageName=[{stage.name}], ActionName=[{action.name}], Key=[{key}]"
                if not name:
                    raise ApiError(
                        "InvalidActionDeclarationException",
                        "Valid format for a pipeline execution variable reference is a namespace "
                        f"and a key separated by a period (.): {where}.",
                    )
                _check_reference(pipeline, action, namespace, name, known, where)
            names = {action.namespace for action in group if action.namespace}
            if names & known:
                raise ApiError(
                    "InvalidActionDeclarationException",
                    f"Namespace {min(names & known)} is used twice or is reserved.",
                )
            known |= names


def _references_of(group: tuple[Action, ...]) -> Iterator[tuple[Action, str, str, str]]:
    for action in group:
        for key, text in action.configuration.items():
            for namespace, name in references(text):
                yield action, key, namespace, name


def _check_reference(
    pipeline: Pipeline, action: Action, namespace: str, name: str, known: set[str], where: str
) -> None:
    if namespace not in known:
        raise ApiError(
            "InvalidActionDeclarationException",
            "The following pipeline execution variables are referencing a namespace that does not "
            f"exist: {namespace}. {where}.",
        )
    if namespace != PIPELINE_VARIABLES:
        return
    if action.is_source:
        raise ApiError(
            "InvalidActionDeclarationException",
            f"Pipeline variables cannot be used in source actions: {where}.",
        )
    if name not in pipeline.variables:
        raise ApiError(
            "InvalidActionDeclarationException",
            f"The pipeline variable {name} is not declared: {where}.",
        )
