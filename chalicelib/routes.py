"""The routes of the admin API: read the request, call one operation, shape the answer.

`request` is Chalice's: `raw_body`, `headers`, `query_params`, and API Gateway's `context`.
"""

from __future__ import annotations

import hashlib
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
    return _changed(request, context, "switch", alias, root.api.switch)


def rollback(request: Any, context: Any, alias: str) -> Answer:
    """POST /aliases/{alias}/rollback."""
    return _changed(request, context, "rollback", alias, root.api.rollback)


def start_canary(request: Any, context: Any, alias: str) -> Answer:
    """PUT /aliases/{alias}/canary."""
    return _changed(request, context, "start canary of", alias, root.api.start_canary)


def end_canary(request: Any, context: Any, alias: str) -> Answer:
    """DELETE /aliases/{alias}/canary."""
    return _changed(request, context, "end canary of", alias, root.api.end_canary)


def set_password(request: Any, context: Any, alias: str) -> Answer:
    """PUT /aliases/{alias}/password."""
    return _changed(request, context, "set password of", alias, root.api.set_password)


def remove_password(request: Any, context: Any, alias: str) -> Answer:
    """DELETE /aliases/{alias}/password."""
    return _changed(request, context, "remove password of", alias, root.api.remove_password)


def diff(request: Any) -> Answer:
    """GET /diff."""
    return answer(lambda: root.api.diff(request.query_params or {}))


def repair(request: Any) -> Answer:
    """POST /repair."""
    return answer(lambda: root.api.repair(_body(request)))


def prune(request: Any) -> Answer:
    """POST /prune."""
    return answer(lambda: root.api.prune(_body(request), _caller(request)))


Change = Callable[[str, object, str], Json]  # alias, body, caller


def _changed(request: Any, context: Any, what: str, alias: str, change: Change) -> Answer:
    return answer(lambda: _once(request, context, f"{what} {alias}", alias, change))


def _once(request: Any, context: Any, what: str, alias: str, change: Change) -> Json:
    """Carry out `change`; with an Idempotency-Key header a repeat gets the first answer again."""
    body, by = _body(request), _caller(request)
    key = request.headers.get(IDEMPOTENCY_KEY)
    if key is None:
        return change(alias, body, by)
    if not 0 < len(key) <= _MAX_KEY:
        raise InvalidRequest(f"The Idempotency-Key is wrong: use 1 to {_MAX_KEY} characters.")
    used = f"{by}\n{key}"
    # Of what a repeat is compared with, an MD5 is stored: passwords go into it salted only.
    sealed = hashlib.sha256(json.dumps([used, body], sort_keys=True).encode()).hexdigest()
    done: Json = root.repeats.once(
        "api", used, {"what": what, "body": sealed}, lambda: change(alias, body, by), context
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
