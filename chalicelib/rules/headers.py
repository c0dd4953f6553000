"""`_headers` as Cloudflare and Netlify document it, and what a file gets by it.

Pure. A block is a line with a path, then lines `Name: value`; all blocks that match a file apply.
The dialects differ in what a path matches (`path_lines`) and in what several blocks make of one
header: Cloudflare's append to what is set so far, and may detach it (`! Name`), Netlify's override.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from chalicelib.rules.header_names import SET_ANYWAY, is_token, refusal
from chalicelib.rules.model import HEADERS_FILE, Dialect, Finding
from chalicelib.rules.path_lines import SPLAT, BadPath, PathPattern, comparable, read_path

MAX_BLOCKS = 500
MAX_LINE = 2_000  # characters, in Cloudflare's dialect
_SHOWN = 60  # characters of a line that a finding repeats
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")


@dataclass(frozen=True, slots=True)
class Value:
    """What becomes of one header: (line of `_headers`, text) pairs; none: it is detached."""

    parts: tuple[tuple[int, str], ...] = ()

    @property
    def text(self) -> str | None:
        """The header's value; None: the header is not sent, the platform's default neither."""
        return ", ".join(text for _, text in self.parts) if self.parts else None

    @property
    def lines(self) -> tuple[int, ...]:
        """The lines that have set it."""
        return tuple(line for line, _ in self.parts)


@dataclass(frozen=True, slots=True)
class Block:
    """One block: first `detached` (names) go, then `values` come; names are in lower case."""

    line: int
    path: PathPattern
    values: Mapping[str, Value]
    detached: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HeaderRules:
    """The blocks that apply, in their order, and what is to be told about the file."""

    dialect: Dialect = "cloudflare"
    blocks: tuple[Block, ...] = ()
    findings: tuple[Finding, ...] = ()

    def of(self, addresses: Sequence[str]) -> dict[str, Value]:
        """What the file with these `addresses` (encoded, its canonical one first) gets: by name.

        In Cloudflare's dialect only the canonical address counts.
        """
        compared = comparable(addresses, self.dialect)
        found: dict[str, Value] = {}
        for block in self.blocks:
            captured = block.path.captured(compared)
            if captured is None:
                continue
            if self.dialect == "netlify":
                found |= block.values
                continue
            found |= dict.fromkeys(block.detached, Value())
            for name, value in block.values.items():
                before = found.get(name, Value()).parts
                found[name] = Value(before + _filled(value, captured).parts)
        return found


def parse_headers(text: str, dialect: Dialect) -> HeaderRules:
    """The rules of the `_headers` file `text`; what is ignored, and why, is in its findings."""
    reader = _Reader(dialect)
    for number, raw in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        line = raw.strip()
        if line and not line.startswith("#") and not reader.read(number, line):
            break
    reader.end_block()
    findings = sorted(reader.findings, key=lambda finding: finding.line)
    blocks = (_closed(draft) for draft in reader.blocks if draft.values or draft.detached)
    return HeaderRules(dialect, tuple(blocks), (*findings, *reader.hint))


def _filled(value: Value, captured: Mapping[str, str]) -> Value:
    """`value` with what the placeholders stand for: plain text, so `:id` is also read in `:idx`."""
    if not captured:
        return value
    names = re.compile(":(" + "|".join(captured) + ")")
    return Value(
        tuple((line, names.sub(lambda m: captured[m[1]], text)) for line, text in value.parts)
    )


@dataclass(slots=True)
class _Draft:
    """A block that is being read."""

    line: int
    path: PathPattern
    values: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    detached: list[str] = field(default_factory=list)
    lines: int = 0


def _closed(draft: _Draft) -> Block:
    values = {name: Value(tuple(parts)) for name, parts in draft.values.items()}
    return Block(draft.line, draft.path, values, tuple(draft.detached))


def _bad_name(name: str) -> str | None:
    """Why no header of this name can be set or detached."""
    if not is_token(name):
        return "its name is empty or has characters that no header's name has: write another"
    return refusal(name)


def _shown(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "...")


class _Reader:
    """Reads line by line; `hint` is the note that the file looks written for the other dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self.findings: list[Finding] = []
        self.hint: tuple[Finding, ...] = ()
        self._dialect = dialect
        self._finished: dict[PathPattern | int, _Draft] = {}
        self._paths = 0
        self._block: _Draft | None = None
        self._dropping = False  # the path of this block is none: its lines are ignored with it
        self._set_at: dict[tuple[str, str], int] = {}  # Netlify: (path, name) -> line

    @property
    def blocks(self) -> list[_Draft]:
        """The finished ones, in their order."""
        return list(self._finished.values())

    def read(self, number: int, line: str) -> bool:
        """Take the line; False: nothing after it is read."""
        url = _URL.match(line) is not None
        if line.startswith("/") or (url and self._dialect == "cloudflare"):
            self.end_block()
            if self._paths == MAX_BLOCKS:
                self._warn(
                    number,
                    f"This line and all after it are ignored, since a file may have {MAX_BLOCKS} "
                    "blocks: join blocks with *.",
                )
                return False
            self._paths += 1
            self._begin(number, line, url)
        elif not self._dropping:
            self._header_line(number, line, url)
        return True

    def end_block(self) -> None:
        """The block that is being read has no more lines."""
        block, self._block, self._dropping = self._block, None, False
        if block is None:
            return
        if not block.lines:
            self._warn(
                block.line,
                "The path has no headers, so it does nothing: write lines `Name: value` below it.",
            )
        if not block.values and not block.detached:
            return
        if self._dialect == "netlify":
            self._finished[block.line] = block
            return
        before = self._finished.get(block.path)
        if before is not None:
            self._warn(
                before.line,
                f"The block is ignored, since line {block.line} begins another one for the same "
                "path, which replaces it: join the two.",
            )
            self._note(block.line, "has two blocks for one path, which would both apply there")
        self._finished[block.path] = block

    def _begin(self, number: int, line: str, url: bool) -> None:
        self._dropping = True
        if url:
            self._warn(
                number,
                f"The block for {_shown(line)} is ignored, since Decant serves every domain alike: "
                "write the path alone, from / on.",
            )
            return
        bare = re.split(r"[?#]", line, maxsplit=1)[0].rstrip()
        try:
            if self._too_long(line):
                raise BadPath(f"has over {MAX_LINE:,} characters: shorten it")
            path = read_path(bare, self._dialect)
        except BadPath as error:
            self._warn(number, f"The block for {_shown(line)} is ignored, since its path {error}.")
            if self._dialect == "cloudflare" and bare.count("*") > 1:
                self._note(number, "has a path with more than one *")
            return
        if bare != line:
            self._warn(
                number,
                f"What follows the path {_shown(bare)} is ignored, since an address's query and "
                "fragment are not compared: delete it.",
            )
        self._block, self._dropping = _Draft(number, path), False

    def _header_line(self, number: int, line: str, url: bool) -> None:
        if self._block is None:
            self._ignore(number, line, "no path comes before it: write the path above it")
            return
        self._block.lines += 1
        if self._too_long(line):
            self._ignore(number, line, f"it has over {MAX_LINE:,} characters: shorten it")
        elif line.startswith("! "):
            self._detach(number, line, self._block)
        elif ":" not in line:
            self._ignore(number, line, "it has no colon: write `Name: value`")
        else:
            if url:
                self._warn(
                    number,
                    f"The line {_shown(line)} is read as a header and the lines after it belong to "
                    "the path before it, since a path begins with /: write the path alone.",
                )
                self._note(number, "has a path with a domain")
            self._set(number, line, self._block)

    def _detach(self, number: int, line: str, block: _Draft) -> None:
        name = line[1:].strip().lower()
        if self._dialect == "netlify":
            self._ignore(number, line, "Netlify's dialect detaches nothing: delete the line")
            self._note(number, "detaches a header with !")
            return
        reason = "it has a colon: write `! Name` alone" if ":" in name else _bad_name(name)
        if reason:
            self._ignore(number, line, reason)
            return
        if name in SET_ANYWAY:
            self._warn(
                number,
                f"{_shown(line)} only takes away what blocks above have set, since Decant gives "
                f"each file its own {name}: set another value if you need one.",
            )
        block.detached.append(name)

    def _set(self, number: int, line: str, block: _Draft) -> None:
        name, value = (part.strip() for part in line.split(":", 1))
        name = name.lower()
        reason = _bad_name(name)
        if not reason and not value:
            reason = "it has no value: write `Name: value`"
        if not reason and _UNPRINTABLE.search(value):
            reason = "its value has characters other than visible ASCII and spaces: escape them"
        if reason:
            self._ignore(number, line, reason)
            return
        block.values.setdefault(name, []).append((number, value))
        if self._dialect == "netlify":
            self._overrides(number, name, block)
            if f":{SPLAT}" in value and "*" in block.path.text:
                self._note(number, "has :splat in a value")

    def _overrides(self, number: int, name: str, block: _Draft) -> None:
        """Tell when a block above sets the header for the same path."""
        key = (block.path.text, name)
        before = self._set_at.get(key, number)
        if before < block.line:
            self._warn(
                before,
                f"{name} is ignored here, since line {number} sets it for the same path, which "
                "overrides it: delete one of the two.",
            )
        self._set_at[key] = number

    def _too_long(self, line: str) -> bool:
        return self._dialect == "cloudflare" and len(line) > MAX_LINE

    def _ignore(self, number: int, line: str, reason: str) -> None:
        self._warn(number, f"{_shown(line)} is ignored, since {reason}.")

    def _warn(self, number: int, text: str) -> None:
        self.findings.append(Finding(HEADERS_FILE, number, "warning", text))

    def _note(self, number: int, what: str) -> None:
        """The file looks written for the other dialect: say so once."""
        if not self.hint:
            other: Dialect = "netlify" if self._dialect == "cloudflare" else "cloudflare"
            text = (
                f"The file {what}, so it looks written for {other.capitalize()}: if it is, write "
                f'dialect = "{other}" in decant.toml.'
            )
            self.hint = (Finding(HEADERS_FILE, number, "note", text),)
