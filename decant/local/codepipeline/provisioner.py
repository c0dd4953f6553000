"""AWS::CodePipeline::Pipeline for the emulator's CloudFormation engine.

`declaration` (pure) turns a template's properties into the API's declaration; `Provisioner` calls
the service with it. An error reaches the stack's events with its reason.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from decant.local.codepipeline.errors import ApiError
from decant.local.codepipeline.service import CodePipeline
from decant.local.codepipeline.store import Scope

RESOURCE_TYPE = "AWS::CodePipeline::Pipeline"

_NUMBERS = frozenset({"RunOrder", "TimeoutInMinutes"})
# Their keys are data, not property names.
_MAPS = frozenset({"Configuration"})
_NOT_IN_DECLARATION = frozenset(
    {"Tags", "RestartExecutionOnUpdate", "DisableInboundStageTransitions", "ArtifactStores"}
)

Properties = Mapping[str, Any]


def declaration(properties: Properties, name: str) -> dict[str, Any]:
    """The API's pipeline declaration for the template's `properties`."""
    kept = {key: value for key, value in properties.items() if key not in _NOT_IN_DECLARATION}
    stores = {
        entry["Region"]: _camel("ArtifactStore", entry["ArtifactStore"])
        for entry in properties.get("ArtifactStores", [])
    }
    made = {**_camel("", kept), "name": name}
    return {**made, "artifactStores": stores} if stores else made


def _camel(key: str, value: Any) -> Any:
    if key in _MAPS:
        return {name: _text(item) for name, item in value.items()}
    if key in _NUMBERS:
        return int(value)
    if isinstance(value, Mapping):
        return {name[:1].lower() + name[1:]: _camel(name, item) for name, item in value.items()}
    if isinstance(value, list):
        return [_camel("", item) for item in value]
    return _text(value)


def _text(value: Any) -> str:
    """CloudFormation hands numbers and booleans of a template over as text."""
    return value if isinstance(value, str) else json.dumps(value)


def tags(properties: Properties) -> list[dict[str, str]]:
    """The template's tags in the API's spelling."""
    return [{"key": t["Key"], "value": str(t["Value"])} for t in properties.get("Tags", [])]


class Provisioner:
    """Create, update and delete, with the signatures the engine calls."""

    def __init__(
        self,
        service: CodePipeline,
        scope: Callable[[], Scope],
        physical_name: Callable[[str, str], str],
    ) -> None:
        """`scope` tells the request's account and region; `physical_name(stack, logical_id)`."""
        self._service = service
        self._scope = scope
        self._physical_name = physical_name

    def create(
        self, logical_id: str, properties: Properties, stack_name: str
    ) -> tuple[str, dict[str, str]]:
        """Returns the name (what Ref gives) and the attributes; raises ValueError."""
        name = properties.get("Name") or self._physical_name(stack_name, logical_id)
        answer = self._call(
            "CreatePipeline",
            {"pipeline": declaration(properties, name), "tags": tags(properties)},
        )
        return name, {"Version": str(answer["pipeline"]["version"])}

    def update(
        self, physical_id: str, old: Properties, new: Properties, stack_name: str
    ) -> tuple[str, dict[str, str]]:
        """In place: the engine replaces the resource itself when its Name changes."""
        del stack_name
        answer = self._call("UpdatePipeline", {"pipeline": declaration(new, physical_id)})
        scope = self._scope()
        arn = f"arn:aws:codepipeline:{scope.region}:{scope.account}:{physical_id}"
        wanted = tags(new)
        gone = {t["key"] for t in tags(old)} - {t["key"] for t in wanted}
        if gone:
            self._call("UntagResource", {"resourceArn": arn, "tagKeys": sorted(gone)})
        if wanted:
            self._call("TagResource", {"resourceArn": arn, "tags": wanted})
        return physical_id, {"Version": str(answer["pipeline"]["version"])}

    def delete(self, physical_id: str, properties: Properties) -> None:
        """Nothing happens when the pipeline is gone already."""
        del properties
        self._call("DeletePipeline", {"name": physical_id})

    def _call(self, operation: str, payload: dict[str, Any]) -> dict[str, Any]:
        try:
            return self._service.call(self._scope(), operation, payload)
        except ApiError as error:
            raise ValueError(f"{error} (Service: CodePipeline, {error.code})") from error
