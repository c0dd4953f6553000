"""`decant diff`: which files differ between two versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from decant import wording
from decant.cli.aliases import alias_named
from decant.cli.invocation import Invocation
from decant.cli.naming import VersionOrAlias, version_or_alias
from decant.cli.options import (
    DEFAULT_ALIAS,
    JsonOption,
    StageOption,
    parse_version,
)

if TYPE_CHECKING:
    from decant.admin_api import AdminApi
    from decant.answers import DiffAnswer, FileChange

EXAMPLES = """Examples:

\b
  decant diff 42                   # if production went to v42
  decant diff v41 v42
  decant diff production staging --all
  decant diff 41 42 --json"""

_SHOWN_FILES = 50  # some two screens; the rest with --all
_MARKS = {"added": ("A", "green"), "changed": ("M", "yellow"), "removed": ("D", "red")}


def diff(
    ctx: typer.Context,
    first: Annotated[
        VersionOrAlias,
        typer.Argument(
            metavar="A", parser=version_or_alias, help="A version (v41 or 41) or an alias."
        ),
    ],
    second: Annotated[
        VersionOrAlias | None,
        typer.Argument(metavar="B", parser=version_or_alias, help="The one to compare A with."),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help=f"Show every file, not only the first {_SHOWN_FILES}.")
    ] = False,
    stage: StageOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what has to change to get from version A to version B.

    Without B: from production's version to A, which is what viewers would notice if production
    went there. The files are marked A (added), M (changed) or D (removed). JSON has all of them.
    """
    run = Invocation.of(ctx, stage, as_json)
    profile, reached = run.connect()
    api = reached.admin_api()
    named = (VersionOrAlias(DEFAULT_ALIAS), first) if second is None else (first, second)
    before, after = _numbers(named, api, profile.stage)
    answer = api.diff(before, after, None if every or run.console.as_json else _SHOWN_FILES)
    run.console.document(answer.model_dump(mode="json", by_alias=True, exclude={"next"}))
    names = (_label(named[0], before), _label(named[1], after))
    if not _differing(answer):
        same = wording.files(answer.unchanged.files, answer.unchanged.bytes)
        run.console.say(f"No file differs between {names[0]} and {names[1]}: {same}.")
        return
    _show(run, " → ".join(names), answer)


def _numbers(
    named: tuple[VersionOrAlias, VersionOrAlias], api: AdminApi, stage: str
) -> tuple[int, int]:
    """The versions' numbers; aliases are looked up. Raises NotFound for one that is unknown."""
    aliases = api.aliases() if any(one.is_alias for one in named) else ()
    before, after = (
        alias_named(one.name, aliases, stage).version if one.is_alias else parse_version(one.name)
        for one in named
    )
    return before, after


def _label(one: VersionOrAlias, number: int) -> str:
    return f"v{number} ({one.name})" if one.is_alias else f"v{number}"


def _differing(answer: DiffAnswer) -> int:
    """How many files differ, whether or not they are listed."""
    return answer.added.files + answer.changed.files + answer.removed.files


def _show(run: Invocation, title: str, answer: DiffAnswer) -> None:
    rows = [(_MARKS[file.change][1], _row(file)) for file in answer.files]
    run.console.table(title, ("", "File", "Size#", "Difference#"), rows)
    left_out = _differing(answer) - len(answer.files)
    if left_out > 0:
        run.console.say(f"… and {wording.count(left_out, 'more file')}: --all shows them.", "dim")
    run.console.say("")
    run.console.say(totals(answer), "bold")


def _row(file: FileChange) -> tuple[str, ...]:
    return (
        _MARKS[file.change][0],
        file.path,
        "" if file.bytes is None else wording.size(file.bytes),
        wording.difference((file.bytes or 0) - (file.bytes_before or 0)),
    )


def totals(answer: DiffAnswer) -> str:
    """`3 files differ: 1 added (1.2 KB), 2 removed (3.0 KB); 12 are the same (70.0 MB).`"""
    kinds = (("added", answer.added), ("changed", answer.changed), ("removed", answer.removed))
    parts = ", ".join(
        f"{tally.files:,} {kind} ({wording.size(tally.bytes)})"
        for kind, tally in kinds
        if tally.files
    )
    number, same = _differing(answer), answer.unchanged
    verb = "differs" if number == 1 else "differ"
    stays = f"{same.files:,} {'is' if same.files == 1 else 'are'} the same"
    return f"{wording.count(number, 'file')} {verb}: {parts}; {stays} ({wording.size(same.bytes)})."
