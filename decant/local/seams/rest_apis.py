"""ImportRestApi and PutRestApi, which Chalice deploys with and MiniStack does not answer."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from decant.local.seams.seam import Relied, Seam

Headers = dict[str, Any]
Answer = tuple[int, Headers, bytes]
Handler = Callable[[str, str, dict[str, str], bytes, dict[str, list[str]]], Awaitable[Answer]]

_APIGATEWAY = "ministack.services.apigateway_v1"


def _install_import_rest_api() -> None:
    from ministack.services import apigateway_v1

    handle: Handler = apigateway_v1.handle_request

    async def handle_request(
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        query_params: dict[str, list[str]],
    ) -> Answer:
        mode = (query_params.get("mode") or [""])[0]
        parts = path.strip("/").split("/")
        if parts[0] == "restapis" and (method, len(parts), mode) == ("POST", 1, "import"):
            return _rest_api_answer(_import_rest_api(body), 201)
        if parts[0] == "restapis" and (method, len(parts), mode) == ("PUT", 2, "overwrite"):
            return _overwrite_rest_api(parts[1], body)
        return await handle(method, path, headers, body, query_params)

    apigateway_v1.handle_request = handle_request


def _import_rest_api(body: bytes) -> str:
    """The id of a new API, made from the OpenAPI document in `body`."""
    from ministack.services import apigateway_v1

    spec = json.loads(body)
    api_id: str = apigateway_v1._import_rest_api(spec, _api_settings(spec))
    return api_id


def _api_settings(spec: dict[str, Any]) -> dict[str, Any]:
    """What an OpenAPI document says about the API itself, in the words of CreateRestApi."""
    settings: dict[str, Any] = {
        "binaryMediaTypes": spec.get("x-amazon-apigateway-binary-media-types") or [],
        "policy": spec.get("x-amazon-apigateway-policy"),
    }
    if "x-amazon-apigateway-minimum-compression-size" in spec:
        settings["minimumCompressionSize"] = spec["x-amazon-apigateway-minimum-compression-size"]
    return settings


def _rest_api_answer(api_id: str, status: int) -> Answer:
    from ministack.services import apigateway_v1

    _, headers, body = apigateway_v1._get_rest_api(api_id)
    return status, headers, body


def _overwrite_rest_api(api_id: str, body: bytes) -> Answer:
    """Give an API the routes of another document; its id, stages and deployments stay."""
    from ministack.services import apigateway_v1

    if api_id not in apigateway_v1._rest_apis:
        return _rest_api_answer(api_id, 404)
    shell = _import_rest_api(body)
    for table in (apigateway_v1._resources, apigateway_v1._authorizers_v1):
        table[api_id] = table[shell]
    replaced = apigateway_v1._rest_apis[shell]
    for setting in ("name", "version", "binaryMediaTypes", "policy"):
        apigateway_v1._rest_apis[api_id][setting] = replaced[setting]
    apigateway_v1._delete_rest_api(shell)
    return _rest_api_answer(api_id, 200)


SEAMS = (
    Seam(
        "import of REST APIs",
        "answer ImportRestApi and PutRestApi, which Chalice deploys with",
        (
            Relied(_APIGATEWAY, "handle_request", "method, path, headers, body, query_params"),
            Relied(_APIGATEWAY, "_import_rest_api", "spec, base_data"),
            Relied(_APIGATEWAY, "_get_rest_api", "api_id"),
            Relied(_APIGATEWAY, "_delete_rest_api", "api_id"),
            Relied(_APIGATEWAY, "_rest_apis"),
            Relied(_APIGATEWAY, "_resources"),
            Relied(_APIGATEWAY, "_authorizers_v1"),
        ),
        _install_import_rest_api,
    ),
)
