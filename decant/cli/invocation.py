"""What every command works with: the options that all of them share, and the tools.

The tools are values, so that tests pass others. Modules that load slowly (boto3, pydantic) are
imported when a tool is first used: `decant --help` must not wait for them.
"""

from __future__ import annotations

import secrets
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

import typer

from decant.console import Console, Step

if TYPE_CHECKING:
    from decant.admin_api import AdminApi
    from decant.local.process import LocalAws
    from decant.profiles import ProfileFolder, StageProfile
    from decant.uploader import Uploader


class Stage(Protocol):
    """A stage that can be reached. Each call raises Missing, AccessDenied, AwsError."""

    def site_url(self) -> str:
        """Where viewers see the site."""

    def admin_api(self) -> AdminApi:
        """A client of its admin API."""

    def uploader(self) -> Uploader:
        """Uploads to its source bucket."""


class BootstrapResult(Protocol):
    """What a bootstrap leaves."""

    @property
    def site_url(self) -> str:
        """Where viewers see the site."""

    @property
    def api_url(self) -> str:
        """The admin API."""

    @property
    def source_bucket(self) -> str:
        """Where uploads go."""

    @property
    def changed(self) -> tuple[str, ...]:
        """What was created or updated; empty when all was as it should be."""


BootstrapRun = Callable[["StageProfile", Callable[[Step], None]], BootstrapResult]


def _connect(profile: StageProfile) -> Stage:
    from decant.connection import Connection

    return Connection(profile)


def _profiles() -> ProfileFolder:
    from decant.profiles import ProfileFolder

    return ProfileFolder()


def _bootstrap(profile: StageProfile, report: Callable[[Step], None]) -> BootstrapResult:
    from decant.bootstrap import run

    return run(profile, report)


def _region_of_aws_settings(profile_name: str | None) -> str | None:
    from decant.connection import region_of_aws_settings

    return region_of_aws_settings(profile_name)


def _serve_local(fresh: bool, started: Callable[[LocalAws], None]) -> None:
    from decant.local.process import StartOptions, default_state_dir, serve

    serve(default_state_dir(), StartOptions(fresh=fresh, persist=True), started)


def _new_password() -> str:
    return secrets.token_urlsafe(18)  # 24 letters, digits, - and _


def _ask_secret(question: str) -> str:
    return str(typer.prompt(question, hide_input=True, confirmation_prompt=True, err=True))


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Toolbox:
    """What the commands touch the world with. `clock` and `sleep` are in seconds; `new_password`
    is random, `ask_secret` shows a question and not what is typed; `stdin` gives lines."""

    profiles: Callable[[], ProfileFolder] = _profiles
    connect: Callable[[StageProfile], Stage] = _connect
    bootstrap: BootstrapRun = _bootstrap
    region_of_aws_settings: Callable[[str | None], str | None] = _region_of_aws_settings
    serve_local: Callable[[bool, Callable[[LocalAws], None]], None] = _serve_local
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], datetime] = _now
    new_password: Callable[[], str] = _new_password
    ask_secret: Callable[[str], str] = _ask_secret
    stdin: Callable[[], Iterable[bytes]] = lambda: sys.stdin.buffer


@dataclass(frozen=True, slots=True)
class Invocation:
    """One call of the command line."""

    tools: Toolbox
    stage: str | None
    console: Console

    @classmethod
    def begin(cls, ctx: typer.Context, stage: str | None, as_json: bool) -> Invocation:
        """The invocation with the options that stand before the command."""
        tools = ctx.obj if isinstance(ctx.obj, Toolbox) else Toolbox()
        return cls(tools, stage, Console(as_json=as_json))

    @classmethod
    def of(cls, ctx: typer.Context, stage: str | None, as_json: bool) -> Invocation:
        """The invocation of a command; the options after its name come before the others."""
        outer = ctx.find_object(Invocation)
        if outer is None:
            return cls.begin(ctx, stage, as_json)
        as_json = as_json or outer.console.as_json
        return cls(outer.tools, stage or outer.stage, Console(as_json=as_json))

    def profile(self) -> StageProfile:
        """The chosen stage's profile. Raises InvalidRequest, NotFound."""
        return self.tools.profiles().choose(self.stage)

    def connect(self) -> tuple[StageProfile, Stage]:
        """The chosen stage. Raises InvalidRequest, NotFound."""
        profile = self.profile()
        return profile, self.tools.connect(profile)
