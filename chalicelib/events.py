"""The events that reach the Lambda functions, parsed once into typed values."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chalicelib.deploy.receive import Upload
from chalicelib.errors import InvalidRequest
from chalicelib.work import Paper

_FROZEN = ConfigDict(frozen=True, populate_by_name=True)


class _Bucket(BaseModel):
    model_config = _FROZEN
    name: str = Field(min_length=3)


class _Object(BaseModel):
    model_config = _FROZEN
    key: str = Field(min_length=1)  # as it is: EventBridge does not encode it
    version_id: str = Field(alias="version-id", min_length=1)
    sequencer: str = ""


class _Detail(BaseModel):
    model_config = _FROZEN
    bucket: _Bucket
    object: _Object


class ObjectCreated(BaseModel):
    """EventBridge's "Object Created" of S3, as far as Decant reads it."""

    model_config = _FROZEN
    detail: _Detail

    @property
    def upload(self) -> Upload:
        """The object version that was created."""
        created = self.detail.object
        return Upload(self.detail.bucket.name, created.key, created.version_id, created.sequencer)


class DeploymentTask(BaseModel):
    """Input of Plan, Finish and Activate."""

    model_config = _FROZEN
    deployment_id: str = Field(pattern=r"^d[0-9a-f]{20}$")


class ShardTask(DeploymentTask):
    """Input of Copy: one item of the Distributed Map (see chalicelib/work.py)."""

    shard: int = Field(ge=0)
    paper_start: int = Field(ge=0)
    paper_end: int = Field(gt=0)

    @property
    def paper(self) -> Paper:
        """Where the shard's paper is."""
        return Paper(self.shard, self.paper_start, self.paper_end)


class TaskError(BaseModel):
    """What Step Functions says of a task that failed for good."""

    model_config = _FROZEN
    error: str = Field(default="", alias="Error")
    cause: str = Field(default="", alias="Cause")


class FailTask(DeploymentTask):
    """Input of Fail."""

    error: TaskError


class _PipelineDetail(BaseModel):
    model_config = _FROZEN
    pipeline: str = Field(min_length=1)
    execution_id: str = Field(alias="execution-id", min_length=1)


class PipelineFailed(BaseModel):
    """EventBridge's "CodePipeline Pipeline Execution State Change", as far as Decant reads it."""

    model_config = _FROZEN
    detail: _PipelineDetail


class UploadFailed(BaseModel):
    """What Lambda sends on when `on_upload` has failed for good: the event that it failed on."""

    model_config = _FROZEN
    request: ObjectCreated = Field(alias="requestPayload")


Model = TypeVar("Model", bound=BaseModel)


def parse(model: type[Model], event: object) -> Model:
    """`event` as `model`. Raises InvalidRequest that names the field which is missing or wrong."""
    try:
        return model.model_validate(event)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InvalidRequest(f"The event's {where} is wrong: {first['msg']}.") from error
