"""CloudFront Functions: QuickJS with the KeyValueStore, instead of Node without it."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from decant.local.cloudfront_functions import EdgeFunctionRunner, Event
from decant.local.edge_runtime import EdgeFunctionError
from decant.local.seams.seam import Relied, Seam

_CLOUDFRONT = "ministack.services.cloudfront"

# The query string of the viewer's request under way, as it was sent; None without a `?`.
_raw_query: ContextVar[str | None] = ContextVar("raw_query", default=None)


def _install_edge_functions() -> None:
    from ministack.services import cloudfront

    runner = EdgeFunctionRunner()
    handle = cloudfront.handle_viewer_request

    async def run_function(function_arn: str, event: Event) -> Event:
        code = cloudfront.live_function_code(function_arn)
        if code is None:
            raise cloudfront.CloudFrontFunctionError(f"{function_arn} is not published.")
        # CloudFront shows functions no such header; here it only says that the viewer is on https.
        event["request"]["headers"].pop("x-forwarded-proto", None)
        # Taken on the event loop, where the store's writes happen whole: one call sees one state.
        store = _associated_store(function_arn)
        try:
            answer: Event = await cloudfront.run_offloop(
                runner.run, code.decode(), event, store, _raw_query.get()
            )
        except (EdgeFunctionError, TimeoutError) as error:
            raise cloudfront.CloudFrontFunctionError(f"{function_arn}: {error}") from error
        return answer

    async def handle_viewer_request(
        dist: Any, method: str, path: str, raw_uri: str, raw_query_string: str, *rest: Any
    ) -> Any:
        # ASGI does not tell `/?` from `/`: both have no query string.
        _raw_query.set(raw_query_string or None)
        return await handle(dist, method, path, raw_uri, raw_query_string, *rest)

    cloudfront._run_function = run_function
    cloudfront.handle_viewer_request = handle_viewer_request


def _associated_store(function_arn: str) -> dict[str, str]:
    """A copy of the KeyValueStore that the published function is associated with; {} for none."""
    from ministack.services import cloudfront, cloudfront_keyvaluestore

    record = cloudfront._functions.get(function_arn.rsplit("/", 1)[-1])
    arns = cloudfront._function_view(record, "LIVE").get("kvs_arns") or []
    if not arns:
        return {}
    store, _ = cloudfront_keyvaluestore._get_store(arns[0])
    return dict(store["items"]) if store else {}


SEAMS = (
    Seam(
        "edge functions",
        "run CloudFront Functions with their KeyValueStore",
        (
            Relied(_CLOUDFRONT, "_run_function", "function_arn, event"),
            Relied(
                _CLOUDFRONT,
                "handle_viewer_request",
                "dist, method, path, raw_uri, raw_query_string, headers, body, query_params, "
                "client_ip",
            ),
            Relied(_CLOUDFRONT, "_functions"),
            Relied(_CLOUDFRONT, "_function_view", "fn, stage"),
            Relied(_CLOUDFRONT, "live_function_code", "function_arn"),
            Relied(_CLOUDFRONT, "run_offloop", "fn, args, kwargs"),
            Relied(_CLOUDFRONT, "CloudFrontFunctionError"),
            Relied("ministack.services.cloudfront_keyvaluestore", "_get_store", "arn"),
        ),
        _install_edge_functions,
    ),
)
