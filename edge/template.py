"""The edge stack's template, joined from its parts: a pure function of the files beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from stacks.model import Stack, load_yaml

HERE = Path(__file__).parent
PARTS = ("base.yaml", "storage.yaml", "delivery.yaml", "roles.yaml")
FUNCTIONS = ("Router", "Response")  # resources whose FunctionCode names a file to put in
MAX_FUNCTION_BYTES = 10_240  # CloudFront Functions quota


def edge_template() -> dict[str, Any]:
    """The whole template, with the code of both edge functions in it."""
    template: dict[str, Any] = {}
    for part in PARTS:
        for section, content in load_yaml((HERE / part).read_text()).items():
            if isinstance(content, dict):
                template.setdefault(section, {}).update(content)
            else:
                template[section] = content
    for name in FUNCTIONS:
        properties = template["Resources"][name]["Properties"]
        properties["FunctionCode"] = shipped((HERE.parent / properties["FunctionCode"]).read_text())
    return template


def shipped(code: str) -> str:
    """`code` of an edge function without indentation, empty lines and lines of comment.

    They would count towards CloudFront's 10 KB. Only for code in which no string, template or
    comment goes over several lines (tests hold that).
    """
    lines = (line.strip() for line in code.splitlines())
    return "".join(f"{line}\n" for line in lines if line and not line.startswith("//"))


def edge_stack(stage: str, parameters: dict[str, str]) -> Stack:
    """The edge stack of `stage`; `parameters` beyond the stage are those of base.yaml."""
    return Stack(f"decant-{stage}-edge", edge_template(), {"Stage": stage, **parameters})
