"""What stays reachable under an alias when it moves: the second table that the router looks into.

A version carries what was live when it was made. A switch, a rollback or an upload that another one
has overtaken leads to a version that does not carry all that browsers may have open. One of the
versions that were left lately is then the alias's *fallback*: the router looks for fingerprinted
files there which the version itself does not have.

While there is a canary, its pages are open too, and a viewer may leave its group: the share gets
smaller, or their address changes and the browser keeps no cookie. So the canary's version counts
as one that was left, and is the fallback where no other has more of what is missing. The other way
round nothing is recorded: who is in the group finds what all others find (edge/router/previews.js).
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

    `target` is the version it goes to, or stays at. `others` are those that it names and `before`
    did (`named_by`), one of which may become the fallback: the first of those that have as much.
    `window` is how long a page may stay open.
    """
    if before is None or before.shown == move.alias.shown:
        return move
    now, shown = move.audit.at, move.alias.shown
    since = timestamp(datetime.fromisoformat(now) - window)
    stayed = (left for left in before.left if left.version not in (*before.shown, *shown))
    gone = (Left(number, now) for number in before.shown if number not in shown)
    recent = tuple(left for left in (*stayed, *gone) if window and left.at >= since)[-MAX_RECENT:]
    open_ = {*shown, *(left.version for left in recent)} if window else set()
    fallback = _fallback(target, open_, others)
    return replace(move, alias=replace(move.alias, left=recent, fallback=fallback))


def _fallback(target: Version, open_: set[int], others: Iterable[Version]) -> int | None:
    """The one of `others` that has the most of what `target` lacks of the versions `open_`; None
    when it lacks nothing."""
    lacking = open_ - {*target.carries, target.number}
    best, most = None, 0
    for version in others:
        if version.number == target.number or version.status != "ready":
            continue
        gain = len(lacking & {*version.carries, version.number})
        if gain > most:
            best, most = version.number, gain
    return best
