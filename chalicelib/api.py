"""The admin API's border: requests into values, values into JSON, errors into statuses.

Bodies are validated by Pydantic models; what the routes answer is shaped here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict
from typing import Any, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
    ValidationError,
)

from chalicelib.admin import Admin
from chalicelib.decisions.comparing import Kind
from chalicelib.deploy.prune import Leaving
from chalicelib.errors import (
    Conflict,
    DecantError,
    InvalidRequest,
    NotFound,
    PreconditionFailed,
    quoted,
)
from chalicelib.records import Alias, Deployment, Version
from chalicelib.upkeep import Upkeep

Json = dict[str, Any]
_STATUS: tuple[tuple[type[DecantError], int, str], ...] = (
    (InvalidRequest, 400, "InvalidRequest"),
    (NotFound, 404, "NotFound"),
    (Conflict, 409, "Conflict"),
    (PreconditionFailed, 409, "Conflict"),
)
MAX_PAGE = 100  # versions in a page
MAX_PATHS = 1_000  # paths in a page: with 1,000 bytes each far below Lambda's 6 MB
_DIGITS = 10  # of a version number: the table's keys are padded to as many
_MAX_NUMBER = 10**_DIGITS - 1
Body = TypeVar("Body", bound=BaseModel)


class SwitchBody(BaseModel):
    """Body of PUT /aliases/{alias}."""

    model_config = ConfigDict(extra="forbid")
    version: StrictInt = Field(ge=1, le=_MAX_NUMBER)
    lock: StrictBool | None = None


class RollbackBody(BaseModel):
    """Body of POST /aliases/{alias}/rollback; `from` is the version the caller wants to leave."""

    model_config = ConfigDict(extra="forbid")
    leaving: StrictInt | None = Field(default=None, alias="from", ge=1, le=_MAX_NUMBER)


class CanaryBody(BaseModel):
    """Body of PUT /aliases/{alias}/canary; which shares there are is the decision's to say."""

    model_config = ConfigDict(extra="forbid")
    version: StrictInt = Field(ge=1, le=_MAX_NUMBER)
    percent: StrictInt


class PasswordBody(BaseModel):
    """Body of PUT /aliases/{alias}/password; which passwords may be is the decision's to say."""

    model_config = ConfigDict(extra="forbid")
    password: StrictStr


class EmptyBody(BaseModel):
    """Body of POST /repair, and of DELETE."""

    model_config = ConfigDict(extra="forbid")


class PruneBody(BaseModel):
    """Body of POST /prune; with `dry_run` nothing is deleted."""

    model_config = ConfigDict(extra="forbid")
    dry_run: StrictBool


class Api:
    """One method per route; each returns the JSON to answer with, or raises a DecantError."""

    def __init__(self, admin: Admin, upkeep: Upkeep) -> None:
        self._admin = admin
        self._upkeep = upkeep

    def list_versions(self, query: Mapping[str, str]) -> Json:
        """GET /versions?limit=20&cursor=41."""
        limit = _whole_number(query, "limit", 20, at_most=MAX_PAGE)
        cursor = query.get("cursor")
        below = None if cursor is None else _whole_number(query, "cursor", 0, at_most=_MAX_NUMBER)
        page = self._admin.versions(limit=limit, below=below)
        aliases = self._admin.aliases()
        return {
            "versions": [_version(version, aliases) for version in page.versions],
            "next": None if page.next is None else str(page.next),
        }

    def get_version(self, number: str) -> Json:
        """GET /versions/{number}."""
        if not _is_number(number):
            raise InvalidRequest(f"{quoted(number)} is not a version number: use one such as 42.")
        return _version(self._admin.version(int(number)), self._admin.aliases())

    def list_aliases(self) -> Json:
        """GET /aliases."""
        return {"aliases": [_alias(alias) for alias in self._admin.aliases()]}

    def switch(self, name: str, body: object, by: str) -> Json:
        """PUT /aliases/{alias}."""
        wanted = _parse(SwitchBody, body)
        alias, changed = self._admin.switch(name, wanted.version, lock=wanted.lock, by=by)
        return {"alias": _alias(alias), "changed": changed}

    def rollback(self, name: str, body: object, by: str) -> Json:
        """POST /aliases/{alias}/rollback."""
        wanted = _parse(RollbackBody, body if body is not None else {})
        alias, changed = self._admin.rollback(name, leaving=wanted.leaving, by=by)
        return {"alias": _alias(alias), "changed": changed}

    def start_canary(self, name: str, body: object, by: str) -> Json:
        """PUT /aliases/{alias}/canary."""
        wanted = _parse(CanaryBody, body)
        alias, changed = self._admin.start_canary(name, wanted.version, wanted.percent, by=by)
        return {"alias": _alias(alias), "changed": changed}

    def end_canary(self, name: str, body: object, by: str) -> Json:
        """DELETE /aliases/{alias}/canary."""
        _parse(EmptyBody, body if body is not None else {})
        alias, changed = self._admin.end_canary(name, by=by)
        return {"alias": _alias(alias), "changed": changed}

    def set_password(self, name: str, body: object, by: str) -> Json:
        """PUT /aliases/{alias}/password."""
        wanted = _parse(PasswordBody, body)
        alias, changed = self._admin.set_password(name, wanted.password, by=by)
        return {"alias": _alias(alias), "changed": changed}

    def remove_password(self, name: str, body: object, by: str) -> Json:
        """DELETE /aliases/{alias}/password."""
        _parse(EmptyBody, body if body is not None else {})
        alias, changed = self._admin.remove_password(name, by=by)
        return {"alias": _alias(alias), "changed": changed}

    def get_deployment(self, deployment_id: str) -> Json:
        """GET /deployments/{id}."""
        return _deployment(self._admin.deployment(deployment_id))

    def list_deployments(self) -> Json:
        """GET /deployments."""
        return {"deployments": [_deployment(item) for item in self._admin.deployments()]}

    def diff(self, query: Mapping[str, str]) -> Json:
        """GET /diff?from=41&to=42&limit=1000&cursor=a/b.html."""
        before = _whole_number(query, "from", None, at_most=_MAX_NUMBER)
        after = _whole_number(query, "to", None, at_most=_MAX_NUMBER)
        limit = _whole_number(query, "limit", MAX_PATHS, at_most=MAX_PATHS)
        found = self._upkeep.diff(before, after, limit=limit, beyond=query.get("cursor"))
        kinds: tuple[Kind, ...] = ("added", "changed", "removed", "unchanged")
        totals: Json = {
            kind: {"files": found.files.get(kind, 0), "bytes": found.bytes.get(kind, 0)}
            for kind in kinds
        }
        files = [asdict(one) for one in found.page]
        return {"from": before, "to": after, **totals, "files": files, "next": found.next}

    def repair(self, body: object) -> Json:
        """POST /repair."""
        _parse(EmptyBody, body if body is not None else {})
        report = self._upkeep.repair()
        repaired = [asdict(one) for one in report.repaired]
        return {"repaired": repaired, "checked": report.checked, "more": report.more}

    def prune(self, body: object, by: str) -> Json:
        """POST /prune."""
        wanted = _parse(PruneBody, body)
        leaving = self._upkeep.prunable()
        running = bool(leaving) and not wanted.dry_run
        if running:
            self._upkeep.start_prune(by)
        return {"versions": [_leaving(one) for one in leaving], "running": running}


def answer(route: Callable[[], Json]) -> tuple[int, Json]:
    """Run `route`; the HTTP status and body. Errors that a caller cannot help are raised on."""
    try:
        return 200, route()
    except DecantError as error:
        for kind, status, code in _STATUS:
            if isinstance(error, kind):
                return status, {"code": code, "message": str(error)}
        raise


def chalice_error(status: int, request_id: str) -> Json:
    """The body of an answer that Chalice gives by itself, in the shape of ours."""
    if status >= 500:
        return internal_error(request_id)
    message = "The request is not what this route takes: send JSON, as application/json."
    return {"code": "InvalidRequest", "message": message}


def internal_error(request_id: str) -> Json:
    """The body of a 500: nothing of what went wrong, but where to find it."""
    message = f"Something went wrong on our side: look for request {request_id} in the logs."
    return {"code": "InternalError", "message": message}


def _parse(model: type[Body], body: object) -> Body:
    if not isinstance(body, dict):
        raise InvalidRequest("The request's body is no JSON object: send one.")
    try:
        return model.model_validate(body)
    except ValidationError as error:
        first = error.errors()[0]
        where = quoted(".".join(str(part) for part in first["loc"]))
        raise InvalidRequest(f"The request's field {where} is wrong: {first['msg']}.") from error


def _is_number(text: str) -> bool:
    """Short enough, too: int() gives up on thousands of digits."""
    return text.isascii() and text.isdigit() and len(text) <= _DIGITS


def _whole_number(query: Mapping[str, str], name: str, default: int | None, *, at_most: int) -> int:
    """The parameter `name`, which may be left out when it has a default."""
    text = query.get(name)
    if text is None and default is not None:
        return default
    text = text or ""
    if not _is_number(text) or not 1 <= int(text) <= at_most:
        raise InvalidRequest(
            f"{name}={quoted(text)} is wrong: use a whole number from 1 to {at_most}."
        )
    return int(text)


def _version(version: Version, aliases: Collection[Alias]) -> Json:
    return {
        "number": version.number,
        "status": version.status,
        "alias": version.alias,
        "deployment_id": version.deployment_id,
        "source_key": version.source_key,
        "files": version.files,
        "bytes": version.bytes,
        "created_at": version.created_at,
        "ready_at": version.ready_at,
        "aliases": [alias.name for alias in aliases if alias.version == version.number],
        "canaries": [
            {"alias": alias.name, "percent": alias.canary.percent}
            for alias in aliases
            if alias.canary is not None and alias.canary.version == version.number
        ],
    }


def _leaving(one: Leaving) -> Json:
    return {
        "number": one.version.number,
        "alias": one.version.alias,
        "status": one.version.status,
        "created_at": one.version.created_at,
        "files": len(one.objects),
        "bytes": sum(one.objects.values()),
    }


def _alias(alias: Alias) -> Json:
    return {
        "name": alias.name,
        "version": alias.version,
        "locked": alias.locked,
        "activated_at": alias.activated_at,
        "activated_by": alias.activated_by,
        "previous": list(alias.previous),
        "canary": None if alias.canary is None else asdict(alias.canary),
        "password": alias.password is not None,
    }


def _deployment(deployment: Deployment) -> Json:
    shown = asdict(deployment)
    del shown["order"]
    return shown | {"warnings": list(deployment.warnings)}
