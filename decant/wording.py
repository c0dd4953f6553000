"""Sizes, times and durations as a person reads them. Pure: what time it is, is a parameter."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from decant.answers import DeploymentAnswer
    from decant.watch import Sight

_UNITS = ("KB", "MB", "GB", "TB")


def size(count_bytes: int) -> str:
    """`count_bytes` with the unit that leaves one to four digits: `512 B`, `1.5 MB`.

    1 KB is 1024 bytes, as everywhere in Decant.
    """
    if count_bytes < 1024:
        return f"{count_bytes} B"
    amount = float(count_bytes)
    for unit in _UNITS:
        amount /= 1024
        if amount < 999.95 or unit == _UNITS[-1]:  # what would be shown as 1000.0 goes on
            break
    return f"{amount:.1f} {unit}"


def difference(count_bytes: int) -> str:
    """By how much a size changed, with its sign: `+1.5 MB`, `-34 B`, `±0 B`."""
    if count_bytes == 0:
        return "±0 B"
    return f"{'+' if count_bytes > 0 else '-'}{size(abs(count_bytes))}"


def count(number: int, one: str, many: str | None = None) -> str:
    """`number` with the noun for it, `one` or `many` (None: with an s): `1 file`, `1,234 files`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def files(number: int, count_bytes: int) -> str:
    """`1,234 files, 3.0 MB`."""
    return f"{count(number, 'file')}, {size(count_bytes)}"


def share(percent: int) -> str:
    """How many of an alias's viewers: `10 % of viewers`."""
    return f"{percent} % of viewers"


def duration(seconds: float) -> str:
    """`3.2 s`, `1 min 5 s`, `2 h 3 min`. Negative counts as 0."""
    seconds = max(0.0, seconds)
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60 * 60:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def ago(moment: datetime, now: datetime) -> str:
    """How long before `now` (both aware): `just now`, `5 min ago`, `3 h ago`, `2 days ago`."""
    passed = now - moment
    if passed < timedelta(seconds=10):  # also when this machine's clock is behind
        return "just now"
    if passed < timedelta(minutes=1):
        return f"{int(passed.total_seconds())} s ago"
    if passed < timedelta(hours=1):
        return f"{int(passed.total_seconds() // 60)} min ago"
    if passed < timedelta(days=1):
        return f"{int(passed.total_seconds() // 3600)} h ago"
    return "1 day ago" if passed.days == 1 else f"{passed.days} days ago"


def absolute(moment: datetime) -> str:
    """`moment` (aware) in this machine's time zone, to the minute: `2026-11-23 16:00`."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M")


def when(moment: datetime, now: datetime) -> str:
    """Both: `5 min ago (2026-11-23 16:00)`."""
    return f"{ago(moment, now)} ({absolute(moment)})"


def stage_of(sight: Sight) -> str:
    """What a deployment is doing: `copying 3/12`."""
    deployment = sight.deployment
    if deployment is None:
        return "waiting for the deployment to begin"
    if deployment.status == "copying" and deployment.shards:
        return f"copying {deployment.shards_done}/{deployment.shards}"
    return deployment.status


def content_of(deployment: DeploymentAnswer) -> str:
    """What a deployment's version holds, and what of it this deployment stored, if that is known:
    `1,065 files, 70.0 MB; 11 files of 40.0 KB were new`."""
    whole = files(deployment.files or 0, deployment.bytes or 0)
    stored = deployment.stored_files
    if stored is None:
        return whole
    if stored == 0:
        return f"{whole}; no file was new"
    if stored == deployment.files:
        return f"{whole}, all new"
    verb = "was" if stored == 1 else "were"
    new = f"{count(stored, 'file')} of {size(deployment.stored_bytes or 0)}"
    return f"{whole}; {new} {verb} new"


def carried_by(deployment: DeploymentAnswer) -> str:
    """What stays reachable beside a deployment's version; empty when nothing does."""
    if not deployment.carried_files:
        return ""
    return f"{count(deployment.carried_files, 'file')} of earlier versions"
