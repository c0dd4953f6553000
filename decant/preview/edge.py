"""The edge on this machine: the functions that are shipped to it, and the headers that it adds.

Both are taken from the edge stack's template, so that they are what a stage has.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.errors import DecantError
from decant.local.cloudfront_functions import EdgeFunctionRunner, Event
from decant.local.edge_runtime import EdgeFunctionError
from edge.template import HERE, edge_template, function_code


class EdgeFailed(DecantError):
    """An edge function failed, for which CloudFront answers 503."""


class Edge:
    """The router, the response function and the policy of response headers."""

    def __init__(self) -> None:
        resources = edge_template()["Resources"]
        self._router, self._response = function_code("Router"), function_code("Response")
        policy = resources["SecurityHeaders"]["Properties"]["ResponseHeadersPolicyConfig"]
        self.default_headers = security_headers(policy["SecurityHeadersConfig"])
        self.fallback_page = (HERE / "fallback.html").read_bytes()
        self._runner = EdgeFunctionRunner()

    def route(self, event: Event, store: Mapping[str, str], raw_query: str | None) -> Event:
        """What the router makes of a viewer's request: a request for the origin, or an answer.

        Raises EdgeFailed.
        """
        return self._run(self._router, event, store, raw_query)

    def respond(self, event: Event, raw_query: str | None) -> Event:
        """What the response function makes of the origin's answer. Raises EdgeFailed."""
        return self._run(self._response, event, {}, raw_query)

    def _run(
        self, code: str, event: Event, store: Mapping[str, str], raw_query: str | None
    ) -> Event:
        try:
            return self._runner.run(code, event, store, raw_query)
        except (EdgeFunctionError, TimeoutError) as error:
            raise EdgeFailed(str(error)) from error


def _without_previews(function: Mapping[str, Any]) -> str:
    """The code of a `function` of the template, as in a stage that has no domain for previews."""
    return str(function["Properties"]["FunctionCode"]["Fn::Sub"]).replace("${PreviewDomain}", "")


def security_headers(config: Mapping[str, Any]) -> dict[str, str]:
    """The headers of a CloudFront SecurityHeadersConfig that overrides nothing."""
    transport = config["StrictTransportSecurity"]
    below = "; includeSubDomains" if transport["IncludeSubdomains"] else ""
    return {
        "strict-transport-security": f"max-age={transport['AccessControlMaxAgeSec']}{below}",
        "x-content-type-options": "nosniff",
        "x-frame-options": str(config["FrameOptions"]["FrameOption"]),
        "referrer-policy": str(config["ReferrerPolicy"]["ReferrerPolicy"]),
    }
