"""`decant.toml`: what a site says about itself.

    html_handling = "drop-trailing-slash"
    not_found = "404-page"
    dialect = "netlify"

    [cache]
    "/downloads/*" = "public, max-age=86400"

    [retention]
    versions = 20
    days = 90

Pure. Whatever is wrong is an error: a setting that is misspelt would else be no setting at all.
The tables `[build]` and `[site]` are for other commands, which read them themselves.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, TypeVar, get_args

from chalicelib.records import HtmlHandling, NotFoundMode
from chalicelib.rules.model import SETTINGS_FILE, Dialect, Finding, SiteSettings
from chalicelib.rules.path_lines import BadPath, read_path

CHOICES = {
    "html_handling": get_args(HtmlHandling),
    "not_found": get_args(NotFoundMode),
    "dialect": get_args(Dialect),
}
LIMITS = {"versions": (1, 9_999), "days": (0, 9_999)}  # of [retention]
FOREIGN = ("build", "site")
T = TypeVar("T")
_KNOWN = (*CHOICES, "cache", "retention", *FOREIGN)
_ERROR_LINE = re.compile(r"\(at line (\d+), column \d+\)")
MAX_FINDINGS = 100  # each one searches the text for its line
_SHOWN = 60  # characters of a value or key that a finding repeats


def parse_settings(text: str) -> tuple[SiteSettings, tuple[Finding, ...]]:
    """What the file `text` says, and what is wrong with it: any finding is an error.

    A setting that is wrong has its default in the result.
    """
    source = text.removeprefix("\ufeff")
    try:
        found = tomllib.loads(source)
    except (ValueError, RecursionError) as error:
        return SiteSettings(), (_no_toml(source, error),)
    reader = _Reader(source)
    settings = reader.settings(found)
    return settings, tuple(sorted(reader.findings, key=lambda finding: finding.line))


def _no_toml(source: str, error: Exception) -> Finding:
    at = _ERROR_LINE.search(str(error))
    line = int(at[1]) if at else 0
    if "at end of document" in str(error):
        line = source.rstrip("\n").count("\n") + 1
    if isinstance(error, RecursionError):
        why = "its values are nested too deep"
    elif isinstance(error, tomllib.TOMLDecodeError):
        why = str(error)
    else:
        why = "it has a number of thousands of digits"
    return Finding(
        SETTINGS_FILE,
        line,
        "error",
        f"The file is no TOML: {why}; put texts, and keys with a / in them, in quotation marks.",
    )


@dataclass(slots=True)
class _Reader:
    """Reads what TOML made of `source`, in which it finds the lines to name."""

    source: str
    findings: list[Finding] = field(default_factory=list)

    def settings(self, found: Mapping[str, Any]) -> SiteSettings:
        """The settings that are right."""
        self._refuse_unknown("", found, _KNOWN)
        chosen = {name: self._choice(name, found.get(name)) for name in CHOICES}
        default = SiteSettings()
        return SiteSettings(
            html=chosen["html_handling"] or default.html,
            not_found=chosen["not_found"],
            dialect=chosen["dialect"] or default.dialect,
            cache=self._table("cache", found, self._cache) or default.cache,
            keep=self._table("retention", found, self._keep),
        )

    # Any: the value is one of the literals of its setting, which mypy cannot tell here.
    def _choice(self, name: str, value: Any) -> Any:
        if value is None or value in CHOICES[name]:
            return value
        near = _near(value, CHOICES[name]) if isinstance(value, str) else ""
        self._error("", name, f"{name} is {_shown(value)}: write {_one_of(CHOICES[name])}{near}.")
        return None

    def _table(
        self, name: str, found: Mapping[str, Any], read: Callable[[Mapping[str, Any]], T]
    ) -> T | None:
        value = found.get(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            self._error(
                "", name, f"{name} is {_shown(value)}, not a table: write [{name}] on its own line."
            )
            return None
        return read(value)

    def _cache(self, table: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
        right = []
        for key, value in table.items():
            if key in CHOICES:
                self._error("cache", key, f"{key} is in [cache]: move it above the first table.")
                continue
            try:
                pattern = read_path(key, "cloudflare").text
            except BadPath as error:
                self._error("cache", key, f"The path {_shown(key)} {error}.")
                continue
            if not _is_header_value(value):
                self._error(
                    "cache",
                    key,
                    f"The Cache-Control for {_shown(key)} is {_shown(value)}: write it as text in "
                    'visible ASCII, such as "public, max-age=86400".',
                )
                continue
            right.append((pattern, value.strip()))
        return tuple(right)

    def _keep(self, table: Mapping[str, Any]) -> tuple[int, int] | None:
        self._refuse_unknown("retention", table, LIMITS)
        for name in LIMITS:
            if name not in table:
                low, high = LIMITS[name]
                self._error(
                    "",
                    "retention",
                    f"[retention] has no {name}: write {name} = with a whole number from {low} to "
                    f"{high}, since both {_and(LIMITS)} are needed.",
                )
        right = {name: table[name] for name in LIMITS if self._is_number(name, table)}
        return (right["versions"], right["days"]) if len(right) == len(LIMITS) else None

    def _is_number(self, name: str, table: Mapping[str, Any]) -> bool:
        if name not in table:
            return False
        value, (low, high) = table[name], LIMITS[name]
        # True and False are numbers to Python.
        if type(value) is int and low <= value <= high:
            return True
        self._error(
            "retention",
            name,
            f"{name} in [retention] is {_shown(value)}: write a whole number from {low} to {high}.",
        )
        return False

    def _refuse_unknown(self, table: str, found: Mapping[str, Any], known: Iterable[str]) -> None:
        names = tuple(known)
        for name, value in found.items():
            if name not in names:
                what = "table" if isinstance(value, dict) else "key"
                where = f"[{table}]" if table else "decant.toml"
                self._error(
                    table,
                    name,
                    f"The {what} {_shown(name)} is not known: "
                    f"{where} may have {_and(names)}{_near(name, names)}.",
                )

    def _error(self, table: str, key: str, text: str) -> None:
        if len(self.findings) < MAX_FINDINGS:
            line = _line_of(self.source, table, key)
            self.findings.append(Finding(SETTINGS_FILE, line, "error", text))


def _is_header_value(value: object) -> bool:
    """Whether it is text in visible ASCII and spaces, and not only spaces."""
    return (
        isinstance(value, str) and value.isascii() and value.isprintable() and value.strip() != ""
    )


def _line_of(source: str, table: str, key: str) -> int:
    """The line of `source` that has `key` of `table` ("" is the top); 0 when it is not seen.

    It knows one line at a time, so that in a text over several lines it may find one by mistake.
    """
    spelled = f"(?:{re.escape(key)}|{re.escape(_basic(key))}|'{re.escape(key)}')"
    header = re.compile(rf"\s*\[\[?\s*{spelled}\s*[.\]]")
    assignment = re.compile(rf"\s*{spelled}\s*[.=]")
    dotted = re.compile(rf"\s*{re.escape(table)}\s*(?:\.|=.*[{{,])\s*{spelled}\s*[.=]")
    current = ""
    for number, line in enumerate(source.split("\n"), 1):
        if line.lstrip().startswith("["):
            current = line.split("#")[0].strip().strip("[]").strip()
            if not table and header.match(line):
                return number
        if current == table and assignment.match(line):
            return number
        if table and dotted.match(line):
            return number
    return 0


def _basic(key: str) -> str:
    """`key` as a TOML string in double quotation marks, with the escapes that it needs."""
    escaped = key.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _shown(value: object) -> str:
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # numbers of thousands of digits
        return "something too long to show"
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."


def _near(word: str, known: Iterable[str]) -> str:
    near = get_close_matches(word[:_SHOWN], tuple(known), 1)
    return f" (did you mean {near[0]}?)" if near else ""


def _one_of(names: Iterable[str]) -> str:
    *most, last = (f'"{name}"' for name in names)
    return ", ".join(most) + f" or {last}"


def _and(names: Iterable[str]) -> str:
    *most, last = names
    return ", ".join(most) + f" and {last}"
