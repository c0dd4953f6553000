"""Stage profiles: how this machine reaches a stage, one JSON file each in `.decant/stages`.

Knows the files' form and place; touches nothing but that folder. The files may hold a secret key
(that of local AWS), so they are readable by their owner only, and Git ignores them.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chalicelib.errors import InvalidRequest, NotFound

STAGES_FOLDER = Path(".decant") / "stages"  # below the folder the command is run in
# The stage is part of bucket names (63 characters at the most), which take no upper case.
STAGE_PATTERN = r"[a-z][a-z0-9-]{0,17}"
_URL_PATTERN = r"^https?://[^/\s]+"


class StageProfile(BaseModel):
    """How this machine reaches one stage. What is None is taken from AWS's own settings.

    `profile` names a profile of the AWS configuration; `endpoint_url` sends every AWS client to
    one address; `site_url` and `api_url` replace the addresses that the stacks give out.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    stage: str = Field(pattern=f"^{STAGE_PATTERN}$")
    region: str = Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d+$")
    profile: str | None = None
    endpoint_url: str | None = Field(default=None, pattern=_URL_PATTERN)
    access_key_id: str | None = None
    secret_access_key: str | None = Field(default=None, repr=False)
    site_url: str | None = Field(default=None, pattern=_URL_PATTERN)
    api_url: str | None = Field(default=None, pattern=_URL_PATTERN)


class ProfileFolder:
    """The stage profiles of one folder; the folder need not exist."""

    def __init__(self, folder: Path = STAGES_FOLDER) -> None:
        self._folder = folder

    def names(self) -> tuple[str, ...]:
        """The stages that have a profile here, sorted."""
        return tuple(sorted(path.stem for path in self._folder.glob("*.json")))

    def choose(self, stage: str | None) -> StageProfile:
        """The profile of `stage`; of the only stage there is when `stage` is None.

        Raises InvalidRequest when the choice is not clear or the file is malformed, NotFound when
        the stage has no profile here.
        """
        if stage is not None:
            return self.read(stage)
        names = self.names()
        if len(names) == 1:
            return self.read(names[0])
        if not names:
            raise InvalidRequest(
                f"There is no stage profile in {self._folder}: make one with "
                "`decant bootstrap --stage NAME`, or start local AWS with `decant local`."
            )
        raise InvalidRequest(
            f"There are several stages ({', '.join(names)}): choose one with --stage or in the "
            "environment variable DECANT_STAGE."
        )

    def read(self, stage: str) -> StageProfile:
        """The profile of `stage`. Raises NotFound when there is none, InvalidRequest."""
        path = self._path(stage)
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError as error:
            known = ", ".join(self.names()) or "none"
            raise NotFound(
                f"There is no profile {path} for the stage {stage!r} (known here: {known}): "
                f"make it with `decant bootstrap --stage {stage}`."
            ) from error
        return _parse(text, path)

    def find(self, stage: str) -> StageProfile | None:
        """The profile of `stage`, None when there is none. Raises InvalidRequest."""
        try:
            return self.read(stage)
        except NotFound:
            return None

    def write(self, profile: StageProfile) -> Path:
        """Store `profile`, readable by its owner only; a reader sees the old file or the new."""
        path = self._path(profile.stage)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        text = profile.model_dump_json(indent=2) + "\n"
        # NamedTemporaryFile opens with mode 0600, whatever the umask.
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=self._folder, prefix=".new-", delete=False
        ) as file:
            temporary = Path(file.name)
            try:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
                temporary.replace(path)
            except BaseException:  # also on Ctrl-C, and it is raised again
                temporary.unlink(missing_ok=True)
                raise
        return path

    def _path(self, stage: str) -> Path:
        """Where the profile of `stage` is. Raises InvalidRequest: a stage is also a file name."""
        profile_name = check_stage(stage)
        return self._folder / f"{profile_name}.json"


def check_stage(stage: str) -> str:
    """`stage` itself. Raises InvalidRequest when it cannot name a stage."""
    if re.fullmatch(STAGE_PATTERN, stage) is None:
        raise InvalidRequest(
            f"{stage!r} cannot name a stage: use up to 18 lower-case letters, digits and hyphens, "
            "the first a letter."
        )
    return stage


def profile_from(fields: Mapping[str, object], where: str) -> StageProfile:
    """The profile with `fields`; `where` says in the error whose they are.

    Raises InvalidRequest with the names of the fields that are missing or wrong, not the values.
    """
    try:
        return StageProfile.model_validate(fields)
    except ValidationError as error:
        raise _malformed(error, where) from error


def _parse(text: str, path: Path) -> StageProfile:
    try:
        profile = StageProfile.model_validate_json(text)
    except ValidationError as error:
        raise _malformed(error, str(path)) from error
    if profile.stage != path.stem:
        raise InvalidRequest(
            f"The stage profile {path} says it is for the stage {profile.stage!r}: rename the file "
            "or correct its field `stage`."
        )
    return profile


def _malformed(error: ValidationError, where: str) -> InvalidRequest:
    fields = ", ".join(
        ".".join(str(part) for part in problem["loc"]) or problem["msg"]
        for problem in error.errors(include_input=False, include_url=False)
    )
    return InvalidRequest(
        f"The stage profile {where} is malformed ({fields}): correct that, or run "
        "`decant bootstrap` again."
    )
