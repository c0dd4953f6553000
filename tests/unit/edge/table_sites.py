"""Sites as the edge finds them in the store: with a route table, rules and whatever they bring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from chalicelib.alias_record import encode
from chalicelib.manifest import Manifest, ManifestFile
from chalicelib.records import HtmlHandling, NotFoundMode, Version
from chalicelib.resolution import Answer, Asked, Found, Missing, Redirect, Refused, resolve
from chalicelib.routing import Routing, compile_routing
from chalicelib.rules.model import SiteRules, SiteSettings
from tests.unit.edge.engines import Outcome
from tests.unit.sites import Files

VERSION = Version(
    number=300,
    status="ready",
    alias="production",
    deployment_id="d",
    source_key="k",
    order="o",
    created_at="t",
)


@dataclass(frozen=True, slots=True)
class TableSite:
    """A version with a table, and the store when production points at it."""

    routing: Routing
    rules: SiteRules
    store: dict[str, str]

    def answer(
        self, uri: str, *, navigation: bool = False, query: Mapping[str, str] | None = None
    ) -> Answer:
        """What it must answer, by chalicelib."""
        table = self.routing.table
        assert table is not None
        return resolve(
            table,
            self.routing.rules,
            Asked(uri, navigation, query or {}),
            redirects=self.rules.redirects,
            version=VERSION.number,
        )


def live(
    files: Files,
    *,
    html: HtmlHandling = "auto-trailing-slash",
    not_found: NotFoundMode | None = None,
    rules: SiteRules | None = None,
) -> TableSite:
    """The site of `files`, with `rules` or the settings given."""
    rules = rules or SiteRules(SiteSettings(html, not_found))
    routing = compile_routing(manifest_of(files, rules))
    version = replace(VERSION, rules=routing.rules)
    store = routing.store_entries(version) | {"a/production": encode(version)}
    return TableSite(routing, rules, store)


def manifest_of(files: Files, rules: SiteRules) -> Manifest:
    """The manifest of a version with these files."""
    listed = (ManifestFile(path, 1, "0" * 64, 1, (), layer) for path, layer in files.items())
    return Manifest(VERSION.number, tuple(listed), rules=rules)


def shown(outcome: Outcome) -> Answer | str:
    """What the router did, as chalicelib says it; another text when it did something else."""
    result = outcome.result
    if result is None:
        return f"threw {outcome.error}"
    status = result.get("statusCode")
    if status is None:
        return str(result["uri"])
    if 300 <= status < 400:
        return Redirect(result["headers"]["location"]["value"], status)
    pages: dict[int, Answer] = {400: Refused(), 404: Missing()}
    return pages.get(status, f"status {status}")


def expected(answer: Answer) -> Answer | str:
    """`answer` as `shown` gives it: a file is known by where the origin has it."""
    return answer.uri if isinstance(answer, Found) else answer
