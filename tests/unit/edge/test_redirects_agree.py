"""Whatever rules a site brings, the router follows them as chalicelib.resolution does: in their
order, with all that a first match means, however they are stored."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from chalicelib.resolution import Answer, Redirect, Refused
from chalicelib.route_table import encode_path
from chalicelib.rules.model import Redirect as Rule
from chalicelib.rules.model import SiteRules, SiteSettings
from tests.unit import sites
from tests.unit.edge.conftest import require_njs
from tests.unit.edge.engines import ROUTER, Call, Engine, Njs, QuickJs
from tests.unit.edge.event_files import request_for
from tests.unit.edge.table_sites import TableSite, expected, live, shown
from tests.unit.edge.test_properties import uris

QUICKJS = QuickJs()
STATUSES = [301, 302, 303, 307, 308, 200, 200, 200, 404, 410]
queries = st.dictionaries(st.sampled_from(["q", "x"]), st.sampled_from(["v", "1", "a%20b"]))


@dataclass(frozen=True, repr=False)
class Visit:
    """One request to a site with rules."""

    site: TableSite
    uri: str
    navigation: bool
    query: dict[str, str]

    def __repr__(self) -> str:
        rules = [
            (r.source, r.target, r.status, r.forced, r.query) for r in self.site.rules.redirects
        ]
        return f"<{self.uri} {self.query} {rules}>"

    @property
    def raw_query(self) -> str:
        return "&".join(f"{name}={value}" for name, value in self.query.items())

    def call(self) -> Call:
        event = request_for(self.uri)
        mode = {"sec-fetch-mode": {"value": "navigate"}}
        event["request"]["headers"] = (
            mode if self.navigation else {"sec-fetch-mode": {"value": "cors"}}
        )
        event["request"]["querystring"] = {k: {"value": v} for k, v in self.query.items()}
        return Call(event, self.site.store, self.raw_query if self.query else None)

    def wanted(self) -> Answer | str:
        answer = self.site.answer(self.uri, navigation=self.navigation, query=self.query)
        if isinstance(answer, Redirect) and self.query and "?" not in answer.location:
            path, mark, fragment = answer.location.partition("#")
            return replace(answer, location=f"{path}?{self.raw_query}{mark}{fragment}")
        return expected(answer)


@st.composite
def sources(draw: st.DrawFn, files: sites.Files) -> str:
    """A pattern near to the site's addresses: one as it is, or with placeholders in it."""
    path = draw(st.sampled_from(sorted(files)) | sites.paths)
    segments = encode_path(path).split("/")
    star = draw(st.integers(-4, len(segments)))
    made = []
    for number, segment in enumerate(segments):
        if number == star:
            made.append(draw(st.sampled_from(["*", segment[:1].strip("%") + "*"])))
        else:
            kept = draw(st.sampled_from(["same", "same", ":", "x:", ":.html"]))
            made.append(segment if kept == "same" else kept)
    if star == len(segments):
        made.append("*")
    return (
        "/" + "/".join(made) + draw(st.sampled_from(["", "", "/"])) * (not made[-1].endswith("*"))
    )


@st.composite
def rules(draw: st.DrawFn, files: sites.Files, line: int, netlify: bool) -> Rule:
    source = draw(sources(files))
    if netlify:
        source = source.rstrip("/") or "/"
    query = draw(st.sampled_from([(), (), (), (("q", "v"),), (("q", "*"),)]))
    count = source.count(":") + source.count("*")
    query = tuple((name, f"*{count}" if value == "*" else value) for name, value in query)
    path = "/" + encode_path(draw(st.sampled_from(sorted(files)) | sites.paths))
    captured = draw(st.sampled_from([f"/*{n}" for n in range(count)] or [""]))
    ending = draw(st.sampled_from(["", "", "", captured, "?a=1", "#b", "/"]))
    start = draw(st.sampled_from(["", "", "https://a.example"]))
    status = draw(st.sampled_from(STATUSES[:5] if start else STATUSES))
    forced = not netlify or draw(st.booleans())
    navigation = draw(st.booleans()) and draw(st.booleans())
    return Rule(line, source, start + path + ending, status, forced, query, navigation)


@st.composite
def visits(draw: st.DrawFn, count: int) -> list[Visit]:
    """`count` requests to one site."""
    files = draw(sites.sites)
    netlify = draw(st.booleans())
    made = [draw(rules(files, line, netlify)) for line in range(1, draw(st.integers(1, 6)) + 1)]
    html = draw(st.sampled_from(["auto-trailing-slash", "force-trailing-slash", "none"]))
    mode = draw(st.sampled_from([None, "single-page-application"]))
    dialect = "netlify" if netlify else "cloudflare"
    chosen = SiteSettings(html=html, not_found=mode, dialect=dialect)  # type: ignore[arg-type]  # drawn
    site = live(files, rules=SiteRules(chosen, tuple(made)))
    sent = [rule.source.replace(":", "a").replace("*", "a/b") for rule in made]
    asked = sites.addresses(files) | uris | st.sampled_from([*sent, *(f"{s}/" for s in sent)])
    return [
        Visit(site, draw(asked), draw(st.booleans()), draw(queries | st.just({})))
        for _ in range(count)
    ]


def _compare(engine: Engine, batch: list[Visit]) -> None:
    outcomes = engine.run(ROUTER, [visit.call() for visit in batch])
    for visit, outcome in zip(batch, outcomes, strict=True):
        wanted = visit.wanted()
        assert shown(outcome) == wanted, visit
        chunks = sum(key.startswith("p/") for key in visit.site.store)
        assert outcome.reads <= (0 if isinstance(wanted, Refused) else 3 + chunks)


@given(visits(8))
@settings(max_examples=400)
def test_the_router_follows_the_rules_as_python_does(batch: list[Visit]) -> None:
    _compare(QUICKJS, batch)


@pytest.mark.njs
def test_the_oldest_engine_follows_the_rules_as_python_does() -> None:
    require_njs()

    # One process answers a whole batch; shrinking would start thousands.
    @given(st.lists(visits(4), min_size=5, max_size=12))
    @settings(max_examples=15, phases=[Phase.reuse, Phase.generate])
    def compare(batches: list[list[Visit]]) -> None:
        _compare(Njs(), [visit for batch in batches for visit in batch])

    compare()


def test_the_sites_of_these_tests_meet_rules_of_every_kind() -> None:
    """That the comparison is about something."""
    seen: set[str] = set()

    @given(visits(8))
    @settings(max_examples=200, database=None)
    def look(batch: list[Visit]) -> None:
        for visit in batch:
            plain = replace(visit, site=live_without_rules(visit.site))
            if visit.wanted() != plain.wanted():
                answer = visit.wanted()
                kind = f"{answer.status}" if isinstance(answer, Redirect) else "in place"
                seen.add(kind)

    look()
    assert seen >= {"301", "302", "303", "307", "308", "in place"}


def live_without_rules(site: TableSite) -> TableSite:
    """The same site, were its rules not there."""
    return replace(site, rules=replace(site.rules, redirects=()))
