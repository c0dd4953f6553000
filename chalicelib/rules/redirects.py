"""Reads `_redirects` in the dialect of Cloudflare (Workers static assets) or of Netlify.

Pure. In both the first rule that matches wins. They differ in what a line may say
(`redirects_of_cloudflare`, `redirects_of_netlify`), and:

| | cloudflare | netlify |
|---|---|---|
| without a status | 302 | 301 |
| a rule and a file at one address | the rule | the file, unless the status ends with `!` |
| a slash at the end | makes a difference | makes none |
| of two rules for the same | the first is kept | the last is kept, at its own place |

Every line that is not taken is a warning. How many exact rules there are is not limited.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from chalicelib.rules.model import REDIRECTS_FILE, Dialect, Finding, Redirect, Redirects, Severity
from chalicelib.rules.patterns import is_pattern
from chalicelib.rules.redirect_lines import Read, looks_like
from chalicelib.rules.redirect_order import circling, hidden
from chalicelib.rules.redirect_paths import Ignored
from chalicelib.rules.redirects_of_cloudflare import read_cloudflare
from chalicelib.rules.redirects_of_netlify import read_netlify

MAX_LINE = 2_000  # characters; longer ones Cloudflare ignores as well, and no browser goes there
MAX_PATTERN_RULES = 500  # the router tries them one after the other

_LINE_END = re.compile(r"\r\n|\r|\n")
_READERS: Mapping[Dialect, Callable[[int, Sequence[str]], Read]] = {
    "cloudflare": read_cloudflare,
    "netlify": read_netlify,
}
_HOSTS: Mapping[Dialect, str] = {"cloudflare": "Cloudflare", "netlify": "Netlify"}


def parse_redirects(text: str, dialect: Dialect) -> Redirects:
    """The rules that `text` has, and findings by line. No text makes it raise."""
    file = _File(dialect)
    for line, tokens in _rule_lines(text):
        file.read(line, tokens)
    file.tell_unreached()
    rules = file.without_copies()
    rules = file.without_circles(rules)
    rules = file.without_hidden(rules)
    rules = file.without_excess(rules)
    findings = sorted(file.findings, key=lambda finding: finding.line)
    return Redirects(rules, file.single_page is not None, tuple(findings))


class _File:
    """What is known of one file so far."""

    def __init__(self, dialect: Dialect) -> None:
        self.findings: list[Finding] = []
        self.single_page: int | None = None  # the line
        self._dialect = dialect
        self._rules: list[Redirect] = []
        self._unreached: list[int] = []
        self._foreign = False

    def read(self, line: int, tokens: Sequence[str]) -> None:
        """Take the rule of one line; no `tokens`: it is too long."""
        if self.single_page is not None:
            self._unreached.append(line)
            return
        if not tokens:
            self._tell(line, f"The line has more than {MAX_LINE:,} characters: shorten it.")
            return
        self._note_dialect(line, looks_like(tokens))
        try:
            found = _READERS[self._dialect](line, tokens)
        except Ignored as reason:
            self._tell(line, str(reason))
            return
        for severity, sentence in found.remarks:
            self._tell(line, sentence, severity)
        if found.single_page:
            self.single_page = line
        else:
            self._rules.append(found.rule)

    def tell_unreached(self) -> None:
        if self._unreached:
            count = len(self._unreached)
            which = "This rule is" if count == 1 else f"The {count:,} rules from here on are"
            self._tell(
                self._unreached[0],
                f"{which} never reached, as line {self.single_page} takes every address: move that "
                "line to the end.",
            )

    def without_copies(self) -> tuple[Redirect, ...]:
        """The rules, only one for the same source and query: Cloudflare's first, Netlify's last."""
        last = self._dialect == "netlify"
        kept: dict[object, Redirect] = {}
        for rule in reversed(self._rules) if last else self._rules:
            first = kept.setdefault(_condition(rule), rule)
            if first is not rule:
                self._tell(
                    rule.line,
                    f"Line {first.line} is for the same addresses, and of such rules "
                    f"{_HOSTS[self._dialect]} takes the {'last' if last else 'first'}: remove one.",
                )
        rules = kept.values()
        return tuple(reversed(rules)) if last else tuple(rules)

    def without_circles(self, rules: tuple[Redirect, ...]) -> tuple[Redirect, ...]:
        """`rules` without those that redirect to what they match themselves."""
        lines = circling(rules, self._dialect)
        for line in lines:
            self._tell(
                line,
                "The target is an address that this rule matches itself, so viewers would go in a "
                "circle: choose another target or a narrower source.",
            )
        return tuple(rule for rule in rules if rule.line not in lines)

    def without_hidden(self, rules: tuple[Redirect, ...]) -> tuple[Redirect, ...]:
        """`rules` without those for one address which an earlier one always takes."""
        taken = hidden(rules, self._dialect)
        for line, by in taken.items():
            self._tell(
                line,
                f"Line {by.line} takes this address before, so the rule can never apply: move it "
                "above that line.",
            )
        return tuple(rule for rule in rules if rule.line not in taken)

    def without_excess(self, rules: Iterable[Redirect]) -> tuple[Redirect, ...]:
        """`rules` with the first 500 of those that are tried one by one."""
        kept, patterns = [], 0
        for rule in rules:
            if is_pattern(rule.source) or rule.query:
                patterns += 1
                if patterns > MAX_PATTERN_RULES:
                    self._tell(
                        rule.line,
                        f"Only the first {MAX_PATTERN_RULES} rules with placeholders or conditions "
                        "are taken: join some of them.",
                    )
                    continue
            kept.append(rule)
        return tuple(kept)

    def _note_dialect(self, line: int, seems: Dialect | None) -> None:
        if seems is None or seems == self._dialect or self._foreign:
            return
        self._foreign = True
        self._tell(
            0,
            f"The file looks written for {_HOSTS[seems]} (see line {line}): if so, set "
            f'dialect = "{seems}" in decant.toml.',
            "note",
        )

    def _tell(self, line: int, sentence: str, severity: Severity = "warning") -> None:
        self.findings.append(Finding(REDIRECTS_FILE, line, severity, sentence))


def _condition(rule: Redirect) -> object:
    """What two rules for the same addresses share, whatever their placeholders are called."""
    query = ((name, "*" if value.startswith("*") else value) for name, value in rule.query)
    return rule.source, frozenset(query)


def _rule_lines(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """(line, tokens) of what is neither blank nor a comment; no tokens: the line is too long."""
    for line, written in enumerate(_LINE_END.split(text.removeprefix("\ufeff")), start=1):
        tokens = written.split()
        if not tokens or tokens[0].startswith("#"):
            continue
        comment = next((n for n, token in enumerate(tokens) if token.startswith("#")), len(tokens))
        yield line, tuple(tokens[:comment]) if len(written) <= MAX_LINE else ()
