"""Stacks as values."""

from __future__ import annotations

import json

import pytest

from chalicelib.errors import InvalidRequest
from stacks.model import MAX_TEMPLATE_BYTES, Stack, load_yaml


def test_short_forms_become_the_long_ones() -> None:
    text = (
        "a: !Ref X\nb: !GetAtt X.Y.Z\nc: !Sub '${X}'\nd: !If [C, !Ref A, !Ref B]\ne: !Condition Q"
    )
    assert load_yaml(text) == {
        "a": {"Ref": "X"},
        "b": {"Fn::GetAtt": ["X", "Y.Z"]},
        "c": {"Fn::Sub": "${X}"},
        "d": {"Fn::If": ["C", {"Ref": "A"}, {"Ref": "B"}]},
        "e": {"Condition": "Q"},
    }


def test_anchors_are_resolved() -> None:
    assert load_yaml("a: &x {k: 1, r: 1}\nb: {<<: *x, r: 2}")["b"] == {"k": 1, "r": 2}


def test_python_objects_are_not_read() -> None:
    with pytest.raises(Exception, match="could not determine a constructor"):
        load_yaml("a: !!python/object/apply:os.getcwd []")


def test_a_template_over_cloudformations_limit_is_refused() -> None:
    room = MAX_TEMPLATE_BYTES - len(json.dumps({"D": ""}, separators=(",", ":")))
    assert len(Stack("s", {"D": "x" * room}, {}).body) == MAX_TEMPLATE_BYTES
    with pytest.raises(InvalidRequest, match="make it smaller"):
        _ = Stack("s", {"D": "x" * (room + 1)}, {}).body
