"""What the rules of a site say, as plain values, whatever dialect they were written in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from chalicelib.records import HtmlHandling, NotFoundMode

Dialect = Literal["cloudflare", "netlify"]
Severity = Literal["error", "warning", "note"]

SETTINGS_FILE, REDIRECTS_FILE, HEADERS_FILE = "decant.toml", "_redirects", "_headers"
RULE_FILES = (SETTINGS_FILE, REDIRECTS_FILE, HEADERS_FILE)
MAX_CAPTURES = 10  # placeholders of one rule: a target names each with one digit


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to tell about one line of a rules file (from 1; 0 is the file as a whole).

    An error ends the deployment. A warning is about what is ignored or does not do what it seems
    to, a note about what means something else than its author may think. `text` is one sentence.
    """

    file: str
    line: int
    severity: Severity
    text: str


@dataclass(frozen=True, slots=True)
class Redirect:
    """One rule of `_redirects`.

    `source` is a pattern (see `patterns`). In `target` (a site path or a URL, in visible ASCII
    without space and `|`, `*` escaped) `*0` to `*9` stand for what the placeholders have matched:
    those of `source` from left to right, then those of `query`. `status` is 301, 302, 303, 307 or
    308, or that of the page `target` which is shown in place: 200, or 400 to 599.
    A rule that is not `forced` applies only where the site has no file. `query` are conditions
    (name, value): a parameter of that name with this value, or with any when it is `*<digit>`.
    A rule for `navigation` applies only when a browser goes to a page.
    """

    line: int
    source: str
    target: str
    status: int
    forced: bool = True
    query: tuple[tuple[str, str], ...] = ()
    navigation: bool = False


@dataclass(frozen=True, slots=True)
class Redirects:
    """The rules in their order; `single_page`: there is a rule `/* /index.html 200`, which is a
    mode (single-page application) and not one of them."""

    rules: tuple[Redirect, ...] = ()
    single_page: bool = False
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class SiteSettings:
    """What `decant.toml` says. `not_found` None: decided by the files (a 404.html) and the rules.

    `cache` are (pattern of an address, Cache-Control), later ones win. `keep` (versions, days) is
    how many uploads for an alias that points at this version stay, instead of the stage's setting.
    """

    html: HtmlHandling = "auto-trailing-slash"
    not_found: NotFoundMode | None = None
    dialect: Dialect = "cloudflare"
    cache: tuple[tuple[str, str], ...] = ()
    keep: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class SiteRules:
    """The rules of one version: its settings and redirects. They go into its manifest."""

    settings: SiteSettings
    redirects: tuple[Redirect, ...] = ()
    single_page: bool = False


NO_RULES = SiteRules(SiteSettings())
