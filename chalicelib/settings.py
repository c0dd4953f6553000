"""What a Lambda function is told by its environment: one validated model, read once.

The values are written by `decant bootstrap` into the stage settings that Chalice reads.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import timedelta

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chalicelib.decisions.retention import Keep, Retention
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
    prune_function: str = Field(alias="DECANT_PRUNE_FUNCTION", min_length=1)
    max_site_bytes: int = Field(alias="DECANT_MAX_SITE_BYTES", default=5 * GB, gt=0)
    max_files: int = Field(alias="DECANT_MAX_FILES", default=100_000, gt=0)
    # Of the uploads for each alias this many stay, and those that are younger than so many days.
    keep_versions: int = Field(alias="DECANT_KEEP_VERSIONS", default=10, ge=1)
    keep_days: int = Field(alias="DECANT_KEEP_DAYS", default=30, ge=0)
    # Other rules by alias, the first pattern that fits: `staging=20/90 pr-*=2/7` (versions/days).
    keep_by_alias: str = Field(
        alias="DECANT_KEEP_BY_ALIAS",
        default="",
        pattern=r"^(\s*[a-z0-9*?-]+=[1-9]\d{0,3}/\d{1,4})*\s*$",
    )
    grace_hours: int = Field(alias="DECANT_GRACE_HOURS", default=24, ge=1)
    # How long a page that is open in a browser finds the scripts and styles of its version.
    carry_days: int = Field(alias="DECANT_CARRY_DAYS", default=7, ge=0, le=90)

    @property
    def retention(self) -> Retention:
        """The rules of retention."""
        by_alias = []
        for rule in self.keep_by_alias.split():
            pattern, _, numbers = rule.partition("=")
            versions, _, days = numbers.partition("/")
            by_alias.append((pattern, Keep(int(versions), timedelta(days=int(days)))))
        keep = Keep(self.keep_versions, timedelta(days=self.keep_days))
        return Retention(keep, timedelta(hours=self.grace_hours), tuple(by_alias))

    @property
    def carry(self) -> timedelta:
        """How long files are carried for open pages."""
        return timedelta(days=self.carry_days)


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
