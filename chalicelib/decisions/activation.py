"""Which version an alias points at next: by itself after a deployment, or by a person's word.

Three rules hold everywhere. An upload never replaces what a later upload or a later decision put
there (`order`), a locked alias moves only by a person's word, and whatever moves an alias ends its
canary, which was an answer to where the alias was.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from chalicelib.errors import Conflict
from chalicelib.records import Alias, AuditEntry, Version

MAX_PREVIOUS = 20  # versions to roll back to; more would only make the record grow


@dataclass(frozen=True, slots=True)
class Move:
    """Write `alias` (its `revision` is one above the one read) and `audit`, together.

    `changes` is False when the alias stays where it is and as it is locked: only that a person
    has decided so is written, which outdates the uploads before.
    """

    alias: Alias
    audit: AuditEntry
    changes: bool = True


@dataclass(frozen=True, slots=True)
class Stay:
    """Leave the alias as it is: it points there already, a later decision stands, it is locked,
    or the deployment that asks has ended."""

    because: Literal["already", "superseded", "locked", "ended"]


def after_deployment(alias: Alias | None, version: Version, *, now: str) -> Move | Stay:
    """Whether a finished deployment moves its alias to its version."""
    if alias is None:
        return _point(None, version, name=version.alias, order=version.order, now=now)
    if alias.version == version.number:
        return Stay("already")
    if (version.order, version.number) < (alias.order, alias.version):
        return Stay("superseded")
    if alias.locked:
        return Stay("locked")
    return _point(alias, version, name=alias.name, order=version.order, now=now)


def _point(alias: Alias | None, version: Version, *, name: str, order: str, now: str) -> Move:
    by = f"deployment {version.deployment_id}"
    moved = _moved(alias, name, version.number, order=order, now=now, by=by)
    return Move(
        moved,
        AuditEntry(
            at=now,
            alias=name,
            action="activate",
            by=by,
            version=version.number,
            replaced=alias.version if alias else None,
            deployment_id=version.deployment_id,
            ended=ended_canary(alias),
        ),
    )


def _moved(alias: Alias | None, name: str, number: int, *, order: str, now: str, by: str) -> Alias:
    if alias is None:
        return Alias(name=name, version=number, order=order, activated_at=now, activated_by=by)
    left = tuple(v for v in alias.previous if v not in (number, alias.version))
    return replace(
        alias,
        version=number,
        order=order,
        activated_at=now,
        activated_by=by,
        previous=(*left, alias.version)[-MAX_PREVIOUS:],
        rolled_back_from=None,
        revision=alias.revision + 1,
        canary=None,
    )


def ended_canary(alias: Alias | None) -> int | None:
    """The version whose canary ends when `alias` moves."""
    return alias.canary.version if alias is not None and alias.canary is not None else None


def switch(
    alias: Alias | None,
    name: str,
    version: Version,
    *,
    lock: bool | None,
    order: str,
    now: str,
    by: str,
) -> Move | Stay:
    """Point `name` at `version` because a person says so; `lock` None leaves the lock as it is.

    Raises Conflict when the version's files are not complete, or no longer there.
    """
    must_be_ready(version, "switched to")
    locked = lock if lock is not None else (alias.locked if alias else False)
    if alias is not None and alias.version == version.number:
        return _confirm(alias, locked, order=order, now=now, by=by)
    moved = replace(_moved(alias, name, version.number, order=order, now=now, by=by), locked=locked)
    return Move(
        moved,
        AuditEntry(
            at=now,
            alias=name,
            action="switch",
            by=by,
            version=version.number,
            replaced=alias.version if alias else None,
            ended=ended_canary(alias),
        ),
    )


def _confirm(alias: Alias, locked: bool, *, order: str, now: str, by: str) -> Move | Stay:
    """A person says that the alias is to stay where it is."""
    if alias.locked == locked and order <= alias.order:
        return Stay("already")
    action: Literal["lock", "unlock", "switch"] = "switch"
    if alias.locked != locked:
        action = "lock" if locked else "unlock"
    same = replace(alias, locked=locked, order=max(order, alias.order), revision=alias.revision + 1)
    audit = AuditEntry(at=now, alias=alias.name, action=action, by=by, version=same.version)
    return Move(same, audit, changes=alias.locked != locked)


def rollback(
    alias: Alias,
    ready: frozenset[int],
    *,
    leaving: int | None,
    order: str,
    now: str,
    by: str,
) -> Move | Stay:
    """Point `alias` at the version that was live before; each rollback goes one step further back.

    `ready` are the versions whose files are all there. `leaving`, when given, is the version the
    caller wants to get away from: repeating the same call then changes nothing.

    Raises Conflict when nothing is left to go back to, or when the alias has moved on to a
    version that the caller has not seen.
    """
    if leaving is not None and alias.version != leaving:
        if alias.rolled_back_from == leaving:
            return Stay("already")
        raise Conflict(
            f"{alias.name} points at v{alias.version}, not at v{leaving}: "
            "look at it again, then roll back from what you see."
        )
    usable = [number for number in alias.previous if number in ready and number != alias.version]
    if not usable:
        raise Conflict(
            f"{alias.name} has no earlier version to roll back to: "
            "switch to one that `decant versions` shows as ready."
        )
    target = usable[-1]
    moved = replace(
        alias,
        version=target,
        order=order,
        activated_at=now,
        activated_by=by,
        previous=tuple(usable[:-1]),
        rolled_back_from=alias.version,
        revision=alias.revision + 1,
        canary=None,
    )
    return Move(
        moved,
        AuditEntry(
            at=now,
            alias=alias.name,
            action="rollback",
            by=by,
            version=target,
            replaced=alias.version,
            ended=ended_canary(alias),
        ),
    )


def must_be_ready(version: Version, done: str) -> None:
    """Raises Conflict, which says why `version` cannot be `done` ("switched to"), unless it can."""
    if version.status == "ready":
        return
    why = {
        "pending": "its files are still being stored: wait until its deployment has finished",
        "failed": "its deployment failed: upload it again",
        "pruning": "its files are about to be deleted: upload it again",
        "deleting": "its files are being deleted: upload it again",
        "pruned": "its files have been deleted: upload it again",
    }[version.status]
    raise Conflict(f"v{version.number} cannot be {done}, because {why}.")
