"""Checks a request against AWS's own service model, as the service itself does.

Knows botocore's shapes; touches nothing but botocore's data files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import botocore.session
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape

from decant.local.codepipeline.errors import ApiError

_PYTHON_TYPES: dict[str, type | tuple[type, ...]] = {
    "structure": dict,
    "map": dict,
    "list": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "long": int,
    "timestamp": (int, float, str),
}


@cache
def service_model() -> ServiceModel:
    """The model of CodePipeline that the installed botocore has."""
    return botocore.session.get_session().get_service_model("codepipeline")


def check_request(operation: str, payload: dict[str, Any]) -> None:
    """Raise ApiError(ValidationException) when `payload` is no valid input of `operation`."""
    shape = service_model().operation_model(operation).input_shape
    problems = list(_problems(shape, payload, "")) if shape else []
    if problems:
        plural = "error" if len(problems) == 1 else "errors"
        raise ApiError(
            "ValidationException",
            f"{len(problems)} validation {plural} detected: {'; '.join(problems)}",
        )


def _problems(shape: Shape, value: object, path: str) -> Iterator[str]:
    expected = _PYTHON_TYPES.get(shape.type_name, object)
    wrong_number = isinstance(value, bool) and shape.type_name in ("integer", "long")
    if not isinstance(value, expected) or wrong_number:
        yield f"Value at '{path}' has to be of type {shape.type_name}"
        return
    yield from _constraint_problems(shape, value, path)
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        yield from _member_problems(shape, value, path)
    elif isinstance(shape, ListShape) and isinstance(value, list):
        for position, item in enumerate(value, start=1):
            yield from _problems(shape.member, item, f"{path}.{position}.member")
    elif isinstance(shape, MapShape) and isinstance(value, dict):
        for key, item in value.items():
            yield from _problems(shape.key, key, f"{path}.{key}.key")
            yield from _problems(shape.value, item, f"{path}.{key}.value")


def _member_problems(shape: StructureShape, value: dict[str, object], path: str) -> Iterator[str]:
    prefix = f"{path}." if path else ""
    for name, member in shape.members.items():
        if value.get(name) is not None:
            yield from _problems(member, value[name], prefix + name)
        elif name in shape.required_members:
            yield (
                f"Value null at '{prefix}{name}' failed to satisfy constraint: "
                "Member must not be null"
            )


def _constraint_problems(shape: Shape, value: object, path: str) -> Iterator[str]:
    size = value if isinstance(value, int) else len(value) if isinstance(value, str | list) else 0
    what = "value" if isinstance(value, int) else "length"
    said = f"Value '{value}' at '{path}' failed to satisfy constraint: Member must"
    limits = shape.metadata
    if not isinstance(value, dict):
        if "min" in limits and size < int(limits["min"]):
            yield f"{said} have {what} greater than or equal to {limits['min']}"
        if "max" in limits and size > int(limits["max"]):
            yield f"{said} have {what} less than or equal to {limits['max']}"
    if isinstance(value, str):
        pattern, names = limits.get("pattern"), limits.get("enum")
        if pattern and not re.fullmatch(str(pattern), value):
            yield f"{said} satisfy regular expression pattern: {pattern}"
        if names and value not in names:
            yield f"{said} satisfy enum value set: [{', '.join(names)}]"
