"""Every Lambda function of Decant: its event or route, and one line of delegation.

`chalice deploy` packages this file with `chalicelib/`. Names, memory, timeouts and roles are in
`.chalice/config.json`, which `decant bootstrap` writes.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from chalice.app import (
    Chalice,
    CloudWatchEvent,
    ConvertToMiddleware,
    IAMAuthorizer,
    Request,
    Response,
)

from chalicelib import api, handlers, routes
from chalicelib.observability import logger, metrics, tracer

Json = dict[str, Any]

app = Chalice(app_name="decant")
app.register_middleware(ConvertToMiddleware(logger.inject_lambda_context(clear_state=True)))
app.register_middleware(ConvertToMiddleware(tracer.capture_lambda_handler(capture_response=False)))
app.register_middleware(ConvertToMiddleware(metrics.log_metrics))
iam = IAMAuthorizer()

UPLOADS = {
    "source": ["aws.s3"],
    "detail-type": ["Object Created"],
    # Chalice sets the stage's environment before it imports this file.
    "detail": {"bucket": {"name": [os.environ.get("DECANT_SOURCE_BUCKET", "")]}},
}


@app.on_cw_event(UPLOADS, name="on_upload")
def on_upload(event: CloudWatchEvent) -> Json:
    """An object was created in the source bucket."""
    return handlers.on_upload(event.to_dict(), event.context)


@app.lambda_function(name="plan")
def plan(event: Json, context: Any) -> Json:  # noqa: ARG001  Lambda's signature
    """Step Functions task: cut the zip into shards."""
    return handlers.plan(event)


@app.lambda_function(name="copy")
def copy(event: Json, context: Any) -> Json:  # noqa: ARG001  Lambda's signature
    """Step Functions task, one per shard: store the shard's files."""
    return handlers.copy(event)


@app.lambda_function(name="finish")
def finish(event: Json, context: Any) -> Json:  # noqa: ARG001  Lambda's signature
    """Step Functions task: verify the version and make it ready."""
    return handlers.finish(event)


@app.lambda_function(name="activate")
def activate(event: Json, context: Any) -> Json:  # noqa: ARG001  Lambda's signature
    """Step Functions task: point the alias at the version."""
    return handlers.activate(event)


@app.lambda_function(name="prune")
def prune(event: Json, context: Any) -> Json:  # noqa: ARG001  Lambda's signature
    """Step Functions task: delete the versions that nothing needs."""
    return handlers.prune(event)


@app.lambda_function(name="fail")
def fail(event: Json, context: Any) -> Json:  # noqa: ARG001  Lambda's signature
    """Step Functions task, and target of the pipeline's failures: record the reason."""
    return handlers.fail(event)


@app.middleware("http")
def speak_as_one(event: Request, get_response: Callable[[Request], Response]) -> Response:
    """Give what Chalice answers by itself (415, and 500, which it has logged) the shape of ours."""
    response = get_response(event)
    if isinstance(response.body, dict) and "Code" in response.body:
        # Lambda's id and not API Gateway's: each line of the log has it.
        request_id = app.lambda_context.aws_request_id
        response.body = api.chalice_error(response.status_code, request_id)
    return response


def _response(answer: routes.Answer) -> Response:
    status, body = answer
    return Response(body, status_code=status, headers={"Cache-Control": "no-store"})


@app.route("/versions", methods=["GET"], authorizer=iam)
def list_versions() -> Response:
    """The versions, newest first."""
    return _response(routes.list_versions(app.current_request))


@app.route("/versions/{number}", methods=["GET"], authorizer=iam)
def get_version(number: str) -> Response:
    """One version."""
    return _response(routes.get_version(number))


@app.route("/aliases", methods=["GET"], authorizer=iam)
def list_aliases() -> Response:
    """Every alias and the version it points at."""
    return _response(routes.list_aliases())


@app.route("/aliases/{alias}", methods=["PUT"], authorizer=iam)
def switch(alias: str) -> Response:
    """Point an alias at a version."""
    return _response(routes.switch(app.current_request, app.lambda_context, alias))


@app.route("/aliases/{alias}/rollback", methods=["POST"], authorizer=iam)
def rollback(alias: str) -> Response:
    """Point an alias at the version before."""
    return _response(routes.rollback(app.current_request, app.lambda_context, alias))


@app.route("/aliases/{alias}/canary", methods=["PUT"], authorizer=iam)
def start_canary(alias: str) -> Response:
    """Show some of an alias's viewers another version."""
    return _response(routes.start_canary(app.current_request, app.lambda_context, alias))


@app.route("/aliases/{alias}/canary", methods=["DELETE"], authorizer=iam)
def end_canary(alias: str) -> Response:
    """Show all viewers the same version again."""
    return _response(routes.end_canary(app.current_request, app.lambda_context, alias))


@app.route("/aliases/{alias}/password", methods=["PUT"], authorizer=iam)
def set_password(alias: str) -> Response:
    """Ask viewers of an alias for a password."""
    return _response(routes.set_password(app.current_request, app.lambda_context, alias))


@app.route("/aliases/{alias}/password", methods=["DELETE"], authorizer=iam)
def remove_password(alias: str) -> Response:
    """Ask for none."""
    return _response(routes.remove_password(app.current_request, app.lambda_context, alias))


@app.route("/deployments", methods=["GET"], authorizer=iam)
def list_deployments() -> Response:
    """The newest deployments."""
    return _response(routes.list_deployments())


@app.route("/deployments/{deployment_id}", methods=["GET"], authorizer=iam)
def get_deployment(deployment_id: str) -> Response:
    """One deployment."""
    return _response(routes.get_deployment(deployment_id))


@app.route("/diff", methods=["GET"], authorizer=iam)
def diff() -> Response:
    """How one version differs from another."""
    return _response(routes.diff(app.current_request))


@app.route("/repair", methods=["POST"], authorizer=iam)
def repair() -> Response:
    """Make the KeyValueStore what the record says."""
    return _response(routes.repair(app.current_request))


@app.route("/prune", methods=["POST"], authorizer=iam)
def start_prune() -> Response:
    """Delete what nothing needs, or list it."""
    return _response(routes.prune(app.current_request))
