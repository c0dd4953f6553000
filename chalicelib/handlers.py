"""The Lambda handlers: parse, call one function, shape the answer."""

from __future__ import annotations

from itertools import chain
from typing import Any, TypeVar

from chalicelib.deploy.receive import Upload
from chalicelib.errors import DecantError
from chalicelib.events import (
    DeploymentTask,
    FailTask,
    ObjectCreated,
    PipelineFailed,
    ShardTask,
    UploadFailed,
    parse,
)
from chalicelib.ids import deployment_id
from chalicelib.observability import count, logger
from chalicelib.records import Deployment
from chalicelib.root import root

Json = dict[str, Any]
Task = TypeVar("Task", bound=DeploymentTask)


def on_upload(event: Json, context: Any) -> Json:
    """An object was created in the source bucket."""
    upload = parse(ObjectCreated, event).upload
    if upload.key.endswith("/"):
        return {"ignored": "a folder"}
    key = f"{upload.bucket}\n{upload.key}\n{upload.version_id}"
    answer: Json = root.repeats.once("on_upload", key, None, lambda: _receive(upload), context)
    return answer


def _receive(upload: Upload) -> Json:
    deployment = root.receive(upload)
    if deployment is None:
        logger.info("the object is gone")
        return {"ignored": "the object is gone"}
    logger.set_correlation_id(deployment.id)
    count("Refused" if deployment.status == "refused" else "Uploads")
    logger.info("upload received", extra=_facts(deployment))
    return {"deployment_id": deployment.id, "status": deployment.status}


def _facts(deployment: Deployment) -> Json:
    return {
        "deployment_id": deployment.id,
        "status": deployment.status,
        "alias": deployment.alias,
        "version": deployment.version,
        "reason": deployment.reason,
    }


def plan(event: Json) -> Json:
    """Cut the zip into shards."""
    task = _task(DeploymentTask, event)
    planned = root.plan(task.deployment_id)
    logger.info("planned", extra={"shards": planned.shards})
    return {
        "deployment_id": task.deployment_id,
        "shards": {"bucket": planned.bucket, "key": planned.key},
    }


def copy(event: Json) -> Json:
    """Store one shard."""
    task = _task(ShardTask, event)
    try:
        files = root.copy(task.deployment_id, task.paper)
    except DecantError as error:
        # Distributed Map reports only that a child failed: the reason must be kept here.
        root.records.explain(task.deployment_id, str(error))
        raise
    count("FilesStored", files)
    logger.info("shard stored", extra={"shard": task.shard, "files": files})
    return {"files": files}


def finish(event: Json) -> Json:
    """Verify the version and make it ready."""
    task = _task(DeploymentTask, event)
    version = root.finish(task.deployment_id)
    logger.info("version ready", extra={"version": version})
    return {"deployment_id": task.deployment_id, "version": version}


def activate(event: Json) -> Json:
    """Point the alias at the version."""
    task = _task(DeploymentTask, event)
    status = root.activate(task.deployment_id)
    count("Activations" if status == "live" else "NotActivated")
    logger.info("deployment ended", extra={"status": status})
    return {"deployment_id": task.deployment_id, "status": status}


def prune(event: Json) -> Json:
    """Delete what nothing needs: after a deployment some of it, all when a person asks for it."""
    if "deployment_id" in event:
        _task(DeploymentTask, event)
        gone = root.prune()
    else:
        gone = tuple(chain.from_iterable(iter(root.prune, ())))
    logger.info("versions pruned", extra={"versions": gone})
    return {"pruned": gone}


def fail(event: Json) -> Json:
    """Say why a deployment ended.

    Called by the state machine, when the pipeline failed, and when on_upload has given up.
    """
    id_, error, cause = _failure(event)
    if id_ is not None:
        logger.set_correlation_id(id_)
        if root.fail(id_, error, cause):
            count("Failed")
            logger.warning("deployment failed", extra={"deployment_id": id_, "error": error})
    return {"deployment_id": id_}


def _failure(event: Json) -> tuple[str | None, str, str]:
    """Deployment id (None: there is none), error and cause."""
    if "requestPayload" in event:
        upload = parse(UploadFailed, event).request.upload
        id_ = deployment_id(upload.bucket, upload.key, upload.version_id)
        known = root.records.deployment(id_) is not None
        return id_ if known else None, "the pipeline could not be started", ""
    if "detail" in event:
        failed = parse(PipelineFailed, event).detail
        started = root.pipelines.deployment_of(failed.pipeline, failed.execution_id)
        return started, root.pipelines.failure_of(failed.pipeline, failed.execution_id), ""
    task = parse(FailTask, event)
    return task.deployment_id, task.error.error, task.error.cause


def _task(model: type[Task], event: Json) -> Task:
    task = parse(model, event)
    logger.set_correlation_id(task.deployment_id)
    return task
