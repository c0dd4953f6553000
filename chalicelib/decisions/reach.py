"""What stays reachable under an alias when it moves: the second table that the router looks into.

A version carries what was live when it was made. A switch, a rollback or an upload that another one
has overtaken leads to a version that does not carry all that browsers may have open. One of the
versions that were left lately is then the alias's *fallback*: the router looks for fingerprinted
files there which the version itself does not have.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.decisions.activation import Move
from chalicelib.records import Alias, Left, Version, timestamp

MAX_RECENT = 100  # versions left within the window; more would only make the row grow


def with_fallback(
    move: Move,
    before: Alias | None,
    target: Version,
    others: Iterable[Version],
    window: timedelta,
) -> Move:
    """`move` with what the alias must remember of the versions it has left.

    `target` is the version it goes to, `others` are those that `before` names (`named_by`), one of
    which may become the fallback; `window` is how long a page may stay open.
    """
    if before is None or before.version == target.number:
        return move
    now = move.audit.at
    since = timestamp(datetime.fromisoformat(now) - window)
    stayed = (left for left in before.left if left.version not in (before.version, target.number))
    recent = tuple(
        left for left in (*stayed, Left(before.version, now)) if window and left.at >= since
    )[-MAX_RECENT:]
    fallback = _fallback(target, recent, others)
    return replace(move, alias=replace(move.alias, left=recent, fallback=fallback))


def _fallback(target: Version, recent: tuple[Left, ...], others: Iterable[Version]) -> int | None:
    """The one of `others` that has the most of what `target` lacks; None when it lacks nothing."""
    lacking = {left.version for left in recent} - {*target.carries, target.number}
    best, most = None, 0
    for version in others:
        if version.number == target.number or version.status != "ready":
            continue
        gain = len(lacking & {*version.carries, version.number})
        if gain > most:
            best, most = version.number, gain
    return best
