"""Runs one build: phase after phase in a scratch folder that is removed afterwards.

Knows the order of phases and what a failure means for the rest; bash is driven by shell.py, files
by artifacts.py. All AWS calls are made as the build's service role. The built code is not trusted:
its process gets PATH, LANG, a HOME of its own, the build's variables and the role's temporary
credentials, and nothing else of this process.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.errors import InvalidRequest
from decant.local.codebuild import record as records
from decant.local.codebuild.artifacts import collect, pack, unpack
from decant.local.codebuild.buildspec import ArtifactRule, Buildspec, parse
from decant.local.codebuild.logs import LogStream
from decant.local.codebuild.plan import BuildPlan, Source, Target, build_environment, s3_key
from decant.local.codebuild.record import Record
from decant.local.codebuild.shell import Shell
from decant.local.codepipeline.errors import ApiError
from decant.local.codepipeline.roles import RoleSession

_PHASE_TYPES = {
    "install": "INSTALL",
    "pre_build": "PRE_BUILD",
    "build": "BUILD",
    "post_build": "POST_BUILD",
}
_AFTER_FAILURE = ("post_build",)  # runs when build failed, not when an earlier phase did


class _PhaseFailed(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class BuildControl:
    """Ends a running build from outside: a request to stop, or its time being up."""

    def __init__(self) -> None:
        """Nobody wants it to end yet."""
        self._lock = threading.Lock()
        self._shell: Shell | None = None
        self.ended_as = ""

    def attach(self, shell: Shell) -> None:
        """Kill this shell when the end comes."""
        with self._lock:
            self._shell = shell
            if self.ended_as:
                shell.kill()

    def end(self, status: str) -> None:
        """Kill what runs; the first `status` (STOPPED, TIMED_OUT) is the build's."""
        with self._lock:
            self.ended_as = self.ended_as or status
            if self._shell:
                self._shell.kill()


@dataclass(slots=True)
class BuildRun:
    """One build under way; `show` publishes its record whenever that changes."""

    plan: BuildPlan
    record: Record
    assume: Callable[[], RoleSession]
    show: Callable[[Record], None]
    control: BuildControl
    scratch_root: Path
    path: str  # the PATH of the child processes
    language: str = "C.UTF-8"
    clock: Callable[[], float] = time.time
    failed: bool = False
    exports: dict[str, str] = field(default_factory=dict)

    def run(self) -> None:
        """Run the build to its end; never raises for what the build itself does."""
        timer = threading.Timer(
            self.plan.timeout_seconds, self.control.end, args=(records.TIMED_OUT,)
        )
        timer.daemon = True
        timer.start()
        self.scratch_root.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix="build-", dir=self.scratch_root))
        status = records.FAULT  # stands when what is below breaks down
        try:
            self._run_in(folder)
            status = self.control.ended_as or (records.FAILED if self.failed else records.SUCCEEDED)
        finally:
            timer.cancel()
            shutil.rmtree(folder, ignore_errors=True)
            self._show(records.complete(self.record, status, self.clock()))

    # -- phases ---------------------------------------------------------------------------------

    def _run_in(self, folder: Path) -> None:
        role: list[RoleSession] = []
        logs: list[LogStream] = []
        with self._phase("PROVISIONING"):
            role.append(self._assume())
            log = LogStream(role[0].client("logs"), self.plan.log_group, self.plan.uuid)
            self._open(log)
            logs.append(log)
        try:
            if not self._over:
                self._build(folder, role[0], logs[0])
        finally:
            for opened in logs:
                opened.close()
            for session in role:
                session.close()

    def _assume(self) -> RoleSession:
        try:
            return self.assume()
        except ApiError as error:
            raise _PhaseFailed("ACCESS_DENIED", str(error)) from error

    def _open(self, log: LogStream) -> None:
        try:
            log.open()
        except ClientError as error:
            raise _PhaseFailed(
                "ACCESS_DENIED",
                f"Service role {self.plan.role_arn} does not allow AWS CodeBuild to create Amazon "
                f"CloudWatch Logs log streams for build {self.record['arn']}. Error message: "
                f"{error}",
            ) from error

    @property
    def _over(self) -> bool:
        return self.failed or bool(self.control.ended_as)

    def _build(self, folder: Path, role: RoleSession, log: LogStream) -> None:
        source = folder / "src"
        specs: list[Buildspec] = []
        with self._phase("DOWNLOAD_SOURCE", log):
            secondary = self._download_all(folder, source, role)
            specs.append(self._buildspec(source))
        if self._over:
            return
        spec = specs[0]
        for key in spec.ignored:
            log.write(f"[Container] Local builds ignore {key} in the buildspec.")
        shell = Shell(source, self._environment(folder, role, secondary, spec), log.write)
        self.control.attach(shell)
        try:
            reached_build = self._run_phases(spec, shell, log)
        finally:
            shell.kill()  # nothing that the build has left behind may change files from here on
        self._show(records.with_exports(self.record, self.exports))
        if reached_build and not self.control.ended_as:
            with self._phase("UPLOAD_ARTIFACTS", log):
                self._upload_all(folder, source, spec, role)
        with self._phase("FINALIZING", log):
            pass

    @contextmanager
    def _phase(self, phase: str, log: LogStream | None = None) -> Any:
        """Show the phase's beginning and end; a failure inside ends it and fails the build."""
        self._show(records.begin_phase(self.record, phase, self.clock()))
        if log:
            log.write(f"[Container] Entering phase {phase}")
        status, code, message = records.SUCCEEDED, "", ": "
        try:
            yield
        except _PhaseFailed as failure:
            status, code, message = records.FAILED, failure.code, str(failure)
            self.failed = True
        except InvalidRequest as error:
            status, code, message = records.FAILED, "CLIENT_ERROR", str(error)
            self.failed = True
        except (ClientError, BotoCoreError) as error:
            status, code, message = records.FAILED, "CLIENT_ERROR", str(error)
            self.failed = True
        if self.control.ended_as:
            status = self.control.ended_as
            code = "BUILD_TIMED_OUT" if status == records.TIMED_OUT else ""
            message = "Build has timed out. " if code else ""
        self._show(records.end_phase(self.record, status, self.clock(), code, message))
        if log:
            log.write(f"[Container] Phase complete: {phase} State: {status}")
            if code:
                log.write(f"[Container] Phase context status code: {code} Message: {message}")

    def _show(self, record: Record) -> None:
        self.record = record
        self.show(record)

    # -- source ---------------------------------------------------------------------------------

    def _download_all(self, folder: Path, source: Path, role: RoleSession) -> dict[str, str]:
        self._download(self.plan.source, source, folder, role)
        secondary: dict[str, str] = {}
        for extra in self.plan.secondary_sources:
            where = folder / f"src-{len(secondary)}"
            self._download(extra, where, folder, role)
            secondary[extra.identifier] = str(where)
        return secondary

    def _download(self, source: Source, target: Path, folder: Path, role: RoleSession) -> None:
        target.mkdir()
        if source.kind == "NO_SOURCE":
            return
        bucket, _, key = source.location.removeprefix("arn:aws:s3:::").partition("/")
        extra = {"VersionId": source.version} if source.version else None
        packed = folder / "source.zip"
        role.client("s3").download_file(bucket, key, str(packed), ExtraArgs=extra)
        unpack(packed, target)
        packed.unlink()

    def _buildspec(self, source: Path) -> Buildspec:
        text = self.plan.buildspec
        if "\n" not in text and not text.lstrip().startswith("{"):
            path = (source / text).resolve()
            if not path.is_relative_to(source.resolve()) or not path.is_file():
                raise _PhaseFailed("YAML_FILE_ERROR", f"{text} is not in the source.")
            text = path.read_text(encoding="utf-8", errors="replace")
        try:
            return parse(text)
        except InvalidRequest as error:
            raise _PhaseFailed("YAML_FILE_ERROR", str(error)) from error

    # -- commands -------------------------------------------------------------------------------

    def _environment(
        self, folder: Path, role: RoleSession, secondary: Mapping[str, str], spec: Buildspec
    ) -> dict[str, str]:
        home, temporary = folder / "home", folder / "tmp"
        home.mkdir()
        temporary.mkdir()
        own = build_environment(
            self.plan,
            number=self.record["buildNumber"],
            arn=self.record["arn"],
            started_seconds=self.record["startTime"],
            source_folder=str(folder / "src"),
            secondary_folders=secondary,
        )
        machine = {
            "PATH": self.path,
            "HOME": str(home),
            "TMPDIR": str(temporary),
            "LANG": self.language,
        }
        return {**spec.variables, **self.plan.variables, **machine, **role.environment(), **own}

    def _run_phases(self, spec: Buildspec, shell: Shell, log: LogStream) -> bool:
        """Whether the build phase was reached, so that there can be artifacts."""
        reached = False
        for name, phase_type in _PHASE_TYPES.items():
            if self.control.ended_as:
                break
            if self.failed and (name not in _AFTER_FAILURE or not reached):
                continue
            reached = reached or name == "build"
            self._run_phase(spec, name, phase_type, shell, log)
        return reached

    def _run_phase(
        self, spec: Buildspec, name: str, phase_type: str, shell: Shell, log: LogStream
    ) -> None:
        phase = spec.phases.get(name)
        failed_before = self.failed
        with self._phase(phase_type, log):
            if phase is None:
                return
            succeeding = "0" if self.failed else "1"
            shell.run(f"export CODEBUILD_BUILD_SUCCEEDING={succeeding}")
            failure = self._run_commands(phase.commands, shell, log)
            later = self._run_commands(phase.finally_commands, shell, log)
            self.exports.update(shell.values(spec.exported))
            failure = failure or later
            if failure:
                raise failure
        if phase and phase.on_failure == "CONTINUE":
            self.failed = failed_before

    def _run_commands(
        self, commands: tuple[str, ...], shell: Shell, log: LogStream
    ) -> _PhaseFailed | None:
        for command in commands:
            log.write(f"[Container] Running command {command}")
            status = shell.run(command)
            if status != 0:
                return _PhaseFailed(
                    "COMMAND_EXECUTION_ERROR",
                    f"Error while executing command: {command}. Reason: exit status {status}",
                )
        return None

    # -- artifacts ------------------------------------------------------------------------------

    def _upload_all(self, folder: Path, source: Path, spec: Buildspec, role: RoleSession) -> None:
        if self.plan.target.kind != "NO_ARTIFACTS" and self.plan.target.location:
            self._upload(self.plan.target, spec.artifacts, folder, source, role)
        for target in self.plan.secondary_targets:
            rule = spec.secondary_artifacts.get(target.identifier)
            self._upload(target, rule, folder, source, role)

    def _upload(
        self,
        target: Target,
        rule: ArtifactRule | None,
        folder: Path,
        source: Path,
        role: RoleSession,
    ) -> None:
        if rule is None:
            name = target.identifier or "the primary artifacts"
            raise InvalidRequest(f"The buildspec does not say which files make {name}.")
        files = collect(source, rule)
        s3 = role.client("s3")
        if target.kind == "S3" and target.packaging != "ZIP":
            prefix = s3_key(target, self.plan.uuid, rule.name)
            for file in files:
                s3.upload_file(str(file.path), target.location, f"{prefix}/{file.name}")
            return
        packed = folder / "artifacts.zip"
        pack(files, packed)
        bucket, key = target.location, s3_key(target, self.plan.uuid, rule.name)
        if target.kind == "CODEPIPELINE":
            bucket, _, key = target.location.partition("/")
        s3.upload_file(str(packed), bucket, key)
