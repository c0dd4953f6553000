"""The edge stack's template, joined from its parts: a pure function of the files beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import minify

from chalicelib.errors import InvalidRequest
from stacks.model import Stack, load_yaml

HERE = Path(__file__).parent
PARTS = ("base.yaml", "storage.yaml", "delivery.yaml", "roles.yaml")
FUNCTIONS = ("Router", "Response")  # resources whose FunctionCode names a file to put in
MAX_FUNCTION_BYTES = 10_240  # CloudFront Functions quota
MINIFIER = {
    # The newest JavaScript that it may add. From 2019 on it would write `catch {}`, then `??` and
    # `?.`: CloudFront's runtime lists none of them.
    "js-version": 2009,
    # Names within functions get shorter, top-level ones (`handler`) stay. Were all kept, it would
    # write `{ path: path }` as the shorthand `{path}`, which the runtime does not list.
    "js-keep-var-names": False,
    "js-precision": 0,  # numbers keep all their digits
}


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
        path = properties["FunctionCode"]
        properties["FunctionCode"] = shipped(path, (HERE.parent / path).read_text("utf-8"))
    return template


def shipped(name: str, code: str) -> str:
    """The `code` of the edge function `name`, minified: always the same text for the same code.

    That CloudFront lists the syntax of the result is for tests to hold, not for this function.
    Raises InvalidRequest when the code does not parse.
    """
    try:
        minify.config(MINIFIER)  # it is the whole process's, so said anew for each call
        return str(minify.string("application/javascript", code))
    except minify.MinifyError as error:
        reason = str(error).splitlines()[0]
        raise InvalidRequest(f"{name} cannot be minified: {reason}. Correct the code.") from error


def edge_stack(stage: str, parameters: dict[str, str]) -> Stack:
    """The edge stack of `stage`; `parameters` beyond the stage are those of base.yaml."""
    return Stack(f"decant-{stage}-edge", edge_template(), {"Stage": stage, **parameters})
