"""The routes of the admin API: read the request, call one operation, shape the answer.

`request` is Chalice's: `raw_body`, `headers`, `query_params`, and API Gateway's `context`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from chalicelib.api import Json, answer
from chalicelib.errors import InvalidRequest
from chalicelib.root import root

IDEMPOTENCY_KEY = "idempotency-key"
_MAX_KEY = 128  # characters


Answer = tuple[int, Json]


def list_versions(request: Any) -> Answer:
    """GET /versions."""
    return answer(lambda: root.api.list_versions(request.query_params or {}))


def get_version(number: str) -> Answer:
    """GET /versions/{number}."""
    return answer(lambda: root.api.get_version(number))


def list_aliases() -> Answer:
    """GET /aliases."""
    return answer(lambda: root.api.list_aliases())


def list_deployments() -> Answer:
    """GET /deployments."""
    return answer(lambda: root.api.list_deployments())


def get_deployment(deployment_id: str) -> Answer:
    """GET /deployments/{id}."""
    return answer(lambda: root.api.get_deployment(deployment_id))


def switch(request: Any, context: Any, alias: str) -> Answer:
    """PUT /aliases/{alias}."""
    return answer(
        lambda: _once(request, context, f"switch {alias}", _body(request), _switch(alias))
    )


def rollback(request: Any, context: Any, alias: str) -> Answer:
    """POST /aliases/{alias}/rollback."""
    return answer(
        lambda: _once(request, context, f"rollback {alias}", _body(request), _rollback(alias))
    )


def diff(request: Any) -> Answer:
    """GET /diff."""
    return answer(lambda: root.api.diff(request.query_params or {}))


def repair(request: Any) -> Answer:
    """POST /repair."""
    return answer(lambda: root.api.repair(_body(request)))


def prune(request: Any) -> Answer:
    """POST /prune."""
    return answer(lambda: root.api.prune(_body(request), _caller(request)))


Act = Callable[[object, str], Json]


def _switch(alias: str) -> Act:
    return lambda body, by: root.api.switch(alias, body, by)


def _rollback(alias: str) -> Act:
    return lambda body, by: root.api.rollback(alias, body, by)


def _once(request: Any, context: Any, what: str, body: object, act: Act) -> Json:
    """Carry out `act`; with an Idempotency-Key header a repeat gets the first answer again."""
    by = _caller(request)
    key = request.headers.get(IDEMPOTENCY_KEY)
    if key is None:
        return act(body, by)
    if not 0 < len(key) <= _MAX_KEY:
        raise InvalidRequest(f"The Idempotency-Key is wrong: use 1 to {_MAX_KEY} characters.")
    done: Json = root.repeats.once(
        "api", f"{by}\n{key}", {"what": what, "body": body}, lambda: act(body, by), context
    )
    return done


def _body(request: Any) -> object:
    if not request.raw_body:
        return None
    try:
        return json.loads(request.raw_body)
    except (ValueError, RecursionError) as error:  # the latter: thousands of brackets
        raise InvalidRequest("The request's body is not JSON: send an object.") from error


def _caller(request: Any) -> str:
    """The ARN that signed the request, for the audit log."""
    identity = request.context.get("identity") or {}
    return str(identity.get("userArn") or "unknown")
