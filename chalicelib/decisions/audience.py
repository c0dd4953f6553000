"""Who gets what of an alias by a person's word: a canary for some, a password for all.

Neither moves the alias. A canary is a decision about what viewers get, so it outdates the uploads
before it, as a switch does; a password is not.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace

from chalicelib.decisions.activation import Move, Stay, ended_canary, must_be_ready
from chalicelib.errors import Conflict, InvalidRequest
from chalicelib.records import Alias, AuditEntry, Canary, Password, Version

LEAST_PASSWORD, MOST_PASSWORD = 12, 128  # characters


def start_canary(
    alias: Alias, version: Version, percent: int, *, order: str, now: str, by: str
) -> Move | Stay:
    """Show `version` to `percent` of the alias's viewers, whatever its canary was before.

    Raises InvalidRequest for what is no share, Conflict when the version is not ready or is what
    all get already.
    """
    if not 1 <= percent <= 99:
        raise InvalidRequest(
            f"A canary cannot go to {percent} percent of the viewers: use 1 to 99, "
            "switch the alias for all of them, or end the canary for none."
        )
    if version.number == alias.version:
        raise Conflict(
            f"{alias.name} points at v{version.number}, so that all viewers get it: "
            "choose another version for the canary."
        )
    must_be_ready(version, "a canary")
    canary = Canary(version.number, percent)
    if alias.canary == canary:
        return Stay("already")
    return _with_canary(alias, canary, order=order, now=now, by=by)


def end_canary(alias: Alias, *, order: str, now: str, by: str) -> Move | Stay:
    """Show all viewers the version that the alias points at."""
    if alias.canary is None:
        return Stay("already")
    return _with_canary(alias, None, order=order, now=now, by=by)


def _with_canary(alias: Alias, canary: Canary | None, *, order: str, now: str, by: str) -> Move:
    changed = replace(
        alias,
        canary=canary,
        order=max(order, alias.order),
        revision=alias.revision + 1,
    )
    before = ended_canary(alias)
    ended = before if before not in changed.shown else None  # only its share may have changed
    audit = AuditEntry(
        at=now,
        alias=alias.name,
        action="canary",
        by=by,
        version=alias.version,
        canary=canary,
        ended=ended,
    )
    return Move(changed, audit)


def set_password(alias: Alias, password: str, *, salt: str, now: str, by: str) -> Move | Stay:
    """Let only those see the alias who know `password`; `salt` is random, 12 characters.

    Raises InvalidRequest, without the password, when it is not one that can be typed and kept.
    """
    visible = all("!" <= character <= "~" for character in password)
    if not visible or not LEAST_PASSWORD <= len(password) <= MOST_PASSWORD:
        raise InvalidRequest(
            f"The password cannot be used: take {LEAST_PASSWORD} to {MOST_PASSWORD} letters, "
            "digits and signs of ASCII, without spaces."
        )
    if alias.password is not None and alias.password == sealed(password, alias.password.salt):
        return Stay("already")
    return _with_password(alias, sealed(password, salt), now=now, by=by)


def remove_password(alias: Alias, *, now: str, by: str) -> Move | Stay:
    """Let everybody see the alias."""
    return (
        Stay("already") if alias.password is None else _with_password(alias, None, now=now, by=by)
    )


def sealed(password: str, salt: str) -> Password:
    """`password` as it is kept, and as the router compares it (edge/router/previews.js)."""
    digest = hashlib.sha256((salt + password).encode()).digest()
    return Password(salt, base64.urlsafe_b64encode(digest).decode().rstrip("="))


def _with_password(alias: Alias, password: Password | None, *, now: str, by: str) -> Move:
    changed = replace(alias, password=password, revision=alias.revision + 1)
    audit = AuditEntry(at=now, alias=alias.name, action="password", by=by, version=alias.version)
    return Move(changed, audit)
