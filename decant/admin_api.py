"""The client of the admin API: what it can be asked, and the routes behind that.

Only what may be done twice is repeated (see `SignedHttp.send`): the answer to a lost PUT, POST or
DELETE is found by looking at the alias again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol
from urllib.parse import quote, urlencode

from decant.answers import (
    AliasAnswer,
    AliasList,
    ChangeAnswer,
    DeploymentAnswer,
    DeploymentList,
    DiffAnswer,
    FileChange,
    PruneAnswer,
    RepairAnswer,
    VersionAnswer,
    VersionPage,
)
from decant.signed_http import SignedHttp

_VERSIONS_PAGE = 100  # the most versions the API gives at once
_FILES_PAGE = 1000  # the most files of a diff


class AdminApi(Protocol):
    """What the commands ask of the admin API. Each call raises AccessDenied, Throttled, AwsError,
    and for what the API refuses InvalidRequest, NotFound or Conflict."""

    def deployment(self, deployment_id: str) -> DeploymentAnswer:
        """One deployment."""

    def deployments(self) -> tuple[DeploymentAnswer, ...]:
        """The newest deployments, at most 20, newest first."""

    def versions(self, limit: int) -> tuple[VersionAnswer, ...]:
        """The newest `limit` versions, newest first."""

    def version(self, number: int) -> VersionAnswer:
        """One version."""

    def aliases(self) -> tuple[AliasAnswer, ...]:
        """Every alias."""

    def switch(self, alias: str, version: int, lock: bool | None) -> ChangeAnswer:
        """Point `alias` at `version`; `lock` None leaves its lock as it is."""

    def rollback(self, alias: str, from_version: int) -> ChangeAnswer:
        """Point `alias` back at its previous version, if it still points at `from_version`."""

    def start_canary(self, alias: str, version: int, percent: int) -> ChangeAnswer:
        """Show `version` to so many `percent` of the viewers of `alias`."""

    def end_canary(self, alias: str) -> ChangeAnswer:
        """Show all viewers of `alias` the version that it points at."""

    def set_password(self, alias: str, password: str) -> ChangeAnswer:
        """Ask viewers of `alias` for `password`."""

    def remove_password(self, alias: str) -> ChangeAnswer:
        """Ask viewers of `alias` for none."""

    def diff(self, from_version: int, to_version: int, limit: int | None) -> DiffAnswer:
        """What differs between two versions, with the first `limit` files (None: all of them)."""

    def repair(self) -> RepairAnswer:
        """Make the edge's store agree with the record, for as long as one request may take."""

    def prunable(self) -> PruneAnswer:
        """What a prune would delete now, oldest first; deletes nothing."""

    def prune(self) -> PruneAnswer:
        """Begin to delete that, in the background."""


class HttpAdminApi:
    """The admin API behind API Gateway with IAM authorisation."""

    def __init__(self, http: SignedHttp) -> None:
        self._http = http

    def deployment(self, deployment_id: str) -> DeploymentAnswer:
        """One deployment."""
        return self._http.get(f"/deployments/{quote(deployment_id, safe='')}", DeploymentAnswer)

    def deployments(self) -> tuple[DeploymentAnswer, ...]:
        """The newest deployments, at most 20, newest first."""
        return self._http.get("/deployments", DeploymentList).deployments

    def versions(self, limit: int) -> tuple[VersionAnswer, ...]:
        """The newest `limit` versions, newest first, in as many requests as it takes."""
        return tuple(self._walk_versions(limit))

    def version(self, number: int) -> VersionAnswer:
        """One version."""
        return self._http.get(f"/versions/{number}", VersionAnswer)

    def aliases(self) -> tuple[AliasAnswer, ...]:
        """Every alias."""
        return self._http.get("/aliases", AliasList).aliases

    def switch(self, alias: str, version: int, lock: bool | None) -> ChangeAnswer:
        """Point `alias` at `version`; `lock` None leaves its lock as it is."""
        body = {"version": version} if lock is None else {"version": version, "lock": lock}
        return self._http.send("PUT", _alias_path(alias), body, ChangeAnswer)

    def rollback(self, alias: str, from_version: int) -> ChangeAnswer:
        """Point `alias` back at its previous version, if it still points at `from_version`."""
        path = _alias_path(alias, "/rollback")
        return self._http.send("POST", path, {"from": from_version}, ChangeAnswer)

    def start_canary(self, alias: str, version: int, percent: int) -> ChangeAnswer:
        """Show `version` to so many `percent` of the viewers of `alias`."""
        body = {"version": version, "percent": percent}
        return self._http.send("PUT", _alias_path(alias, "/canary"), body, ChangeAnswer)

    def end_canary(self, alias: str) -> ChangeAnswer:
        """Show all viewers of `alias` the version that it points at."""
        return self._http.send("DELETE", _alias_path(alias, "/canary"), None, ChangeAnswer)

    def set_password(self, alias: str, password: str) -> ChangeAnswer:
        """Ask viewers of `alias` for `password`."""
        body = {"password": password}
        return self._http.send("PUT", _alias_path(alias, "/password"), body, ChangeAnswer)

    def remove_password(self, alias: str) -> ChangeAnswer:
        """Ask viewers of `alias` for none."""
        return self._http.send("DELETE", _alias_path(alias, "/password"), None, ChangeAnswer)

    def diff(self, from_version: int, to_version: int, limit: int | None) -> DiffAnswer:
        """What differs between two versions, with the first `limit` files (None: all of them),
        in as many requests as it takes. `next` of the answer is None when no file is left out."""
        files: list[FileChange] = []
        cursor: str | None = None
        while True:
            wanted = _FILES_PAGE if limit is None else min(limit - len(files), _FILES_PAGE)
            query = {"from": str(from_version), "to": str(to_version), "limit": str(wanted)}
            page = self._http.get(_with_query("/diff", query, cursor), DiffAnswer)
            files.extend(page.files)
            cursor = page.next
            if cursor is None or (limit is not None and len(files) >= limit):
                return page.model_copy(update={"files": tuple(files)})

    def repair(self) -> RepairAnswer:
        """Make the edge's store agree with the record, for as long as one request may take."""
        return self._http.send("POST", "/repair", {}, RepairAnswer, harmless_twice=True)

    def prunable(self) -> PruneAnswer:
        """What a prune would delete now, oldest first; deletes nothing."""
        body = {"dry_run": True}
        return self._http.send("POST", "/prune", body, PruneAnswer, harmless_twice=True)

    def prune(self) -> PruneAnswer:
        """Begin to delete that, in the background."""
        return self._http.send("POST", "/prune", {"dry_run": False}, PruneAnswer)

    def _walk_versions(self, limit: int) -> Iterator[VersionAnswer]:
        cursor: str | None = None
        while limit > 0:
            query = {"limit": str(min(limit, _VERSIONS_PAGE))}
            page = self._http.get(_with_query("/versions", query, cursor), VersionPage)
            yield from page.versions[:limit]
            limit -= len(page.versions)
            cursor = page.next
            if cursor is None:
                return


def _alias_path(alias: str, below: str = "") -> str:
    return f"/aliases/{quote(alias, safe='')}{below}"


def _with_query(path: str, query: dict[str, str], cursor: str | None) -> str:
    if cursor is not None:
        query = {**query, "cursor": cursor}
    # quote_via: a space is %20 in what is signed, never `+`
    return f"{path}?{urlencode(query, quote_via=quote)}"
