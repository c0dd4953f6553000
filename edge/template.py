"""The edge stack's template, joined from its parts: a pure function of the files beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import minify

from chalicelib.errors import InvalidRequest
from edge.shorten import shorten
from stacks.model import Stack, load_yaml

HERE = Path(__file__).parent
PARTS = ("base.yaml", "storage.yaml", "delivery.yaml", "roles.yaml")
FUNCTIONS = {"Router": "edge/router", "Response": "edge/response.js"}  # resource -> its source
_PREVIEW_DOMAIN = "const PREVIEW_DOMAIN = '';"
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
    for name, path in FUNCTIONS.items():
        code = shipped(path, _with_parameters(source(path)))
        template["Resources"][name]["Properties"]["FunctionCode"] = {"Fn::Sub": code}
    return template


def function_code(name: str) -> str:
    """The code of the function `name` as it is deployed in a stage without a preview domain."""
    return shipped(FUNCTIONS[name], source(FUNCTIONS[name]))


def _with_parameters(code: str) -> str:
    """`code` with the template's parameters in it, for CloudFormation to fill in."""
    if "${" in code:
        raise InvalidRequest("An edge function has a template literal: join the texts with +.")
    return code.replace(_PREVIEW_DOMAIN, "const PREVIEW_DOMAIN = '${PreviewDomain}';")


def source(path: str) -> str:
    """The code of the edge function at `path`, seen from the project's folder: a file, or a folder
    whose files make one function, `main.js` first."""
    place = HERE.parent / path
    files = [place] if place.is_file() else [place / "main.js", *sorted(place.glob("[!m]*.js"))]
    return "\n".join(file.read_text("utf-8") for file in files)


def shipped(name: str, code: str) -> str:
    """The `code` of the edge function `name`, minified: always the same text for the same code.

    That CloudFront lists the syntax of the result is for tests to hold, not for this function.
    Raises InvalidRequest when the code does not parse.
    """
    try:
        minify.config(MINIFIER)  # it is the whole process's, so said anew for each call
        return str(minify.string("application/javascript", shorten(code)))
    except minify.MinifyError as error:
        reason = str(error).splitlines()[0]
        raise InvalidRequest(f"{name} cannot be minified: {reason}. Correct the code.") from error


def edge_stack(stage: str, parameters: dict[str, str]) -> Stack:
    """The edge stack of `stage`; `parameters` beyond the stage are those of base.yaml."""
    return Stack(f"decant-{stage}-edge", edge_template(), {"Stage": stage, **parameters})
