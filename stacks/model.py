"""A CloudFormation stack as a value, and the YAML it is written in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from chalicelib.errors import InvalidRequest

MAX_TEMPLATE_BYTES = 51_200  # CloudFormation's limit for a template in the request


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack as it should be."""

    name: str
    template: Mapping[str, Any]
    parameters: Mapping[str, str]

    @property
    def body(self) -> str:
        """The template as JSON, without white space. Raises InvalidRequest above 51,200 bytes."""
        body = json.dumps(self.template, separators=(",", ":"))
        if len(body.encode()) > MAX_TEMPLATE_BYTES:
            raise InvalidRequest(
                f"The template of {self.name} has {len(body.encode())} bytes, more than "
                f"CloudFormation's {MAX_TEMPLATE_BYTES}: make it smaller."
            )
        return body


@dataclass(frozen=True, slots=True)
class Step:
    """One event of a stack: a resource (logical id) reached a status."""

    stack: str
    resource: str
    status: str
    reason: str | None = None


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms (!Ref, !Sub, !GetAtt ...)."""


def _short_form(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    elif isinstance(node, yaml.MappingNode):
        value = loader.construct_mapping(node, deep=True)
    else:
        raise InvalidRequest(f"!{suffix} has no value in the template.")
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _short_form)


def load_yaml(text: str) -> dict[str, Any]:
    """A CloudFormation template in YAML as plain data, anchors and short forms resolved."""
    document: dict[str, Any] = yaml.load(text, _Loader)  # noqa: S506  _Loader is a SafeLoader
    return document
