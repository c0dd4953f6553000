"""A whole command line in a world of fakes: run it as a person would, look at what it did."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from typer.testing import CliRunner

from chalicelib.errors import NotFound
from decant.__main__ import main
from decant.answers import (
    AliasAnswer,
    ChangeAnswer,
    DeploymentAnswer,
    DiffAnswer,
    PruneAnswer,
    RepairAnswer,
    VersionAnswer,
)
from decant.cli.invocation import BootstrapResult, Stage, Toolbox
from decant.console import Step
from decant.profiles import ProfileFolder, StageProfile
from decant.uploader import Uploaded
from tests.unit.decant.samples import NOON, a_deployment, a_diff, a_prune, a_repair, an_alias

if TYPE_CHECKING:
    from decant.local.process import LocalAws


NEW_PASSWORD = "made-up-by-this-machine1"


@dataclass(frozen=True)
class Outcome:
    """What a person, or a script, is left with."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on stdout; fails when there is more, or anything on stderr."""
        assert self.stderr == ""
        return cast("dict[str, Any]", json.loads(self.stdout))


@dataclass
class FakeApi:
    """The admin API as prepared; remembers what it was asked to change."""

    looks: list[DeploymentAnswer | BaseException | None] = field(
        default_factory=lambda: [a_deployment("live")]
    )
    known_versions: tuple[VersionAnswer, ...] = ()
    known_aliases: tuple[AliasAnswer, ...] = ()
    recent: tuple[DeploymentAnswer, ...] = ()
    answer: ChangeAnswer = field(
        default_factory=lambda: ChangeAnswer(alias=an_alias(), changed=True)
    )
    difference: DiffAnswer = field(default_factory=a_diff)
    repairs: list[RepairAnswer | BaseException] = field(default_factory=lambda: [a_repair()])
    prunables: list[PruneAnswer | BaseException] = field(default_factory=lambda: [a_prune()])
    calls: list[tuple[object, ...]] = field(default_factory=list)

    def deployment(self, deployment_id: str) -> DeploymentAnswer:
        self.calls.append(("deployment", deployment_id))
        found = _next(self.looks)
        if found is None:
            raise NotFound(f"There is no deployment {deployment_id}.")
        return found

    def deployments(self) -> tuple[DeploymentAnswer, ...]:
        return self.recent

    def versions(self, limit: int) -> tuple[VersionAnswer, ...]:
        self.calls.append(("versions", limit))
        return self.known_versions[:limit]

    def aliases(self) -> tuple[AliasAnswer, ...]:
        return self.known_aliases

    def switch(self, alias: str, version: int, lock: bool | None) -> ChangeAnswer:
        self.calls.append(("switch", alias, version, lock))
        return self.answer

    def rollback(self, alias: str, from_version: int) -> ChangeAnswer:
        self.calls.append(("rollback", alias, from_version))
        return self.answer

    def version(self, number: int) -> VersionAnswer:
        self.calls.append(("version", number))
        for version in self.known_versions:
            if version.number == number:
                return version
        raise NotFound(f"There is no version v{number}.")

    def start_canary(self, alias: str, version: int, percent: int) -> ChangeAnswer:
        self.calls.append(("start canary", alias, version, percent))
        return self.answer

    def end_canary(self, alias: str) -> ChangeAnswer:
        self.calls.append(("end canary", alias))
        return self.answer

    def set_password(self, alias: str, password: str) -> ChangeAnswer:
        self.calls.append(("set password", alias, password))
        return self.answer

    def remove_password(self, alias: str) -> ChangeAnswer:
        self.calls.append(("remove password", alias))
        return self.answer

    def diff(self, from_version: int, to_version: int, limit: int | None) -> DiffAnswer:
        self.calls.append(("diff", from_version, to_version, limit))
        files = self.difference.files[:limit]
        following = "more" if len(files) < len(self.difference.files) else None
        return self.difference.model_copy(update={"files": files, "next": following})

    def repair(self) -> RepairAnswer:
        self.calls.append(("repair",))
        return _next(self.repairs)

    def prunable(self) -> PruneAnswer:
        self.calls.append(("prunable",))
        return _next(self.prunables)

    def prune(self) -> PruneAnswer:
        self.calls.append(("prune",))
        return _next(self.prunables).model_copy(update={"running": True})


AnswerT = TypeVar("AnswerT")


def _next(prepared: list[AnswerT | BaseException]) -> AnswerT:
    """The prepared answers in turn, the last one for ever; errors are raised."""
    found = prepared.pop(0) if len(prepared) > 1 else prepared[0]
    if isinstance(found, BaseException):
        raise found
    return found


@dataclass
class FakeUploader:
    """Keeps the bytes of each upload by its key."""

    stored: dict[str, bytes] = field(default_factory=dict)
    error: BaseException | None = None

    def upload(self, file: Path, key: str, progress: Callable[[int], None]) -> Uploaded:
        if self.error is not None:
            raise self.error
        self.stored[key] = file.read_bytes()
        progress(len(self.stored[key]))
        return Uploaded("source", key, "version-1", len(self.stored[key]))


@dataclass
class FakeStage:
    """A stage with these fakes; `error` is raised when anything of it is asked for."""

    api: FakeApi = field(default_factory=FakeApi)
    sender: FakeUploader = field(default_factory=FakeUploader)
    error: BaseException | None = None

    def site_url(self) -> str:
        return "https://site.example"

    def admin_api(self) -> FakeApi:
        if self.error is not None:
            raise self.error
        return self.api

    def uploader(self) -> FakeUploader:
        if self.error is not None:
            raise self.error
        return self.sender


def _no_bootstrap(_profile: StageProfile, _report: Callable[[Step], None]) -> BootstrapResult:
    raise AssertionError("this test bootstraps nothing")


def _no_local(_fresh: bool, _started: Callable[[LocalAws], None]) -> None:
    raise AssertionError("this test starts nothing")


@dataclass
class World:
    """The folder of stage profiles, one stage behind all of them, and a clock that sleep moves."""

    folder: Path
    stage: FakeStage = field(default_factory=FakeStage)
    bootstrap: Callable[[StageProfile, Callable[[Step], None]], BootstrapResult] = _no_bootstrap
    serve_local: Callable[[bool, Callable[[LocalAws], None]], None] = _no_local
    region: str | None = None
    seconds: float = 0.0
    connected: list[str] = field(default_factory=list)
    typed: str = ""
    asked: list[str] = field(default_factory=list)

    @property
    def profiles(self) -> ProfileFolder:
        return ProfileFolder(self.folder)

    def has_stage(self, *names: str) -> None:
        for name in names:
            self.profiles.write(StageProfile(stage=name, region="eu-central-1"))

    def run(
        self, *args: str | Path, env: dict[str, str | None] | None = None, stdin: bytes = b""
    ) -> Outcome:
        """`decant ARGS`, with neither stdout nor stderr a terminal."""
        environment = {"DECANT_STAGE": None, "NO_COLOR": None, "FORCE_COLOR": None, **(env or {})}
        with CliRunner(env=environment).isolation() as (stdout, stderr, _):
            code = main([str(arg) for arg in args], self._tools(stdin), environ={})
            sys.stdout.flush()
            sys.stderr.flush()
            return Outcome(code, stdout.getvalue().decode(), stderr.getvalue().decode())

    def _tools(self, stdin: bytes) -> Toolbox:
        return Toolbox(
            profiles=lambda: self.profiles,
            connect=self._connect,
            bootstrap=lambda profile, report: self.bootstrap(profile, report),
            region_of_aws_settings=lambda _profile: self.region,
            serve_local=lambda fresh, started: self.serve_local(fresh, started),
            clock=lambda: self.seconds,
            sleep=self._sleep,
            now=self._now,
            new_password=lambda: NEW_PASSWORD,
            ask_secret=self._ask_secret,
            stdin=lambda: io.BytesIO(stdin),
        )

    def _connect(self, profile: StageProfile) -> Stage:
        self.connected.append(profile.stage)
        return self.stage

    def _ask_secret(self, question: str) -> str:
        self.asked.append(question)
        return self.typed

    def _sleep(self, seconds: float) -> None:
        self.seconds += seconds

    def _now(self) -> datetime:
        return NOON + timedelta(hours=2)
