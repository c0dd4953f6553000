"""What the API's operations share: pages, tags, and the checks of an execution's input. Pure."""

from __future__ import annotations

from typing import Any

from decant.local.codepipeline.errors import ApiError
from decant.local.codepipeline.model import Pipeline
from decant.local.codepipeline.store import Scope

PAGE_SIZE = 100

Payload = dict[str, Any]


def pipeline_arn(scope: Scope, name: str) -> str:
    """The ARN of a pipeline."""
    return f"arn:aws:codepipeline:{scope.region}:{scope.account}:{name}"


def tag_map(tags: list[dict[str, str]]) -> dict[str, str]:
    """Tags by key."""
    return {tag["key"]: tag["value"] for tag in tags}


def tag_list(tags: dict[str, str]) -> list[dict[str, str]]:
    """Tags as the API lists them."""
    return [{"key": key, "value": value} for key, value in tags.items()]


def page(items: list[Any], payload: Payload, key: str) -> Payload:
    """One page; the token is the position of the next item."""
    token = payload.get("nextToken", "0")
    if not token.isdecimal() or int(token) > len(items):
        raise ApiError("InvalidNextTokenException", "The next token is not one of ours.")
    first = int(token)
    end = first + payload.get("maxResults", PAGE_SIZE)
    made: Payload = {key: items[first:end]}
    if end < len(items):
        made["nextToken"] = str(end)
    return made


def resolved_variables(pipeline: Pipeline, given: list[dict[str, str]]) -> dict[str, str]:
    """The value of each declared variable: the given one, else its default.

    Raises ApiError(ValidationException) for one without a value and for one that is not declared.
    """
    values = {variable["name"]: variable["value"] for variable in given}
    unknown = sorted(values.keys() - pipeline.variables.keys())
    if unknown:
        raise ApiError(
            "ValidationException",
            f"The pipeline declares no variable named {', '.join(unknown)}.",
        )
    resolved = {name: values.get(name, default) for name, default in pipeline.variables.items()}
    missing = sorted(name for name, value in resolved.items() if value is None)
    if missing:
        raise ApiError(
            "ValidationException",
            f"The pipeline variables {', '.join(missing)} have no default: give them a value.",
        )
    return {name: value for name, value in resolved.items() if value is not None}


def checked_overrides(pipeline: Pipeline, overrides: list[dict[str, str]]) -> list[dict[str, str]]:
    """The sourceRevisions of a request, when each fits a source action that allows it.

    Raises ApiError(ValidationException) when one does not.
    """
    for override in overrides:
        action = pipeline.source(override["actionName"])
        if action is None:
            raise ApiError(
                "ValidationException",
                f"The pipeline has no source action named {override['actionName']}.",
            )
        kind = override["revisionType"]
        if kind.startswith("S3_") != (action.kind == "Source/S3"):
            raise ApiError(
                "ValidationException",
                f"A revision of type {kind} does not fit source action {action.name}.",
            )
        allowed = action.configuration.get("AllowOverrideForS3ObjectKey", "false").lower()
        if kind == "S3_OBJECT_KEY" and allowed != "true":
            raise ApiError(
                "ValidationException",
                f"Source action {action.name} does not allow another object key: set "
                "AllowOverrideForS3ObjectKey to true.",
            )
    return overrides
