"""What a Lambda function is told by its environment: one validated model, read once.

The values are written by `decant bootstrap` into the stage settings that Chalice reads.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chalicelib.errors import InvalidRequest

GB = 1024 * 1024 * 1024


class Settings(BaseModel):
    """Names of the stage's resources and the limits its owner has chosen."""

    model_config = ConfigDict(frozen=True)

    stage: str = Field(alias="DECANT_STAGE", min_length=1)
    table: str = Field(alias="DECANT_TABLE", min_length=1)
    source_bucket: str = Field(alias="DECANT_SOURCE_BUCKET", min_length=3)
    artifact_bucket: str = Field(alias="DECANT_ARTIFACT_BUCKET", min_length=3)
    hosting_bucket: str = Field(alias="DECANT_HOSTING_BUCKET", min_length=3)
    store_arn: str = Field(alias="DECANT_STORE_ARN", pattern=r"^arn:[^:]+:cloudfront::\d{12}:.+$")
    release_pipeline: str = Field(alias="DECANT_RELEASE_PIPELINE", min_length=1)
    max_site_bytes: int = Field(alias="DECANT_MAX_SITE_BYTES", default=5 * GB, gt=0)
    max_files: int = Field(alias="DECANT_MAX_FILES", default=100_000, gt=0)
    keep_versions: int = Field(alias="DECANT_KEEP_VERSIONS", default=10, ge=1)
    grace_hours: int = Field(alias="DECANT_GRACE_HOURS", default=24, ge=1)


def load_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings from `environ`.

    Raises InvalidRequest with the names of the variables that are missing or wrong.
    """
    known = {str(field.alias) for field in Settings.model_fields.values()}
    try:
        return Settings.model_validate({k: v for k, v in environ.items() if k in known})
    except ValidationError as error:
        names = ", ".join(str(problem["loc"][0]) for problem in error.errors())
        raise InvalidRequest(
            f"The function's environment is incomplete ({names}): "
            "run `decant bootstrap` for this stage again."
        ) from error
