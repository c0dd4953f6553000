"""edge/router.js and chalicelib.resolution take the same decision, whatever site and address."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from chalicelib.records import HtmlHandling, NotFoundMode
from chalicelib.resolution import Refused
from tests.unit import sites
from tests.unit.edge.conftest import require_njs
from tests.unit.edge.engines import ROUTER, Call, Engine, Njs, QuickJs
from tests.unit.edge.event_files import request_for
from tests.unit.edge.table_sites import TableSite, expected, live, shown
from tests.unit.edge.test_properties import json_values, tricks, uris

QUICKJS = QuickJs()


@st.composite
def table_sites(draw: st.DrawFn) -> tuple[sites.Files, TableSite]:
    """Any site, in any mode."""
    files = draw(sites.sites)
    site = live(
        files,
        html=draw(st.sampled_from(get_args(HtmlHandling))),
        not_found=draw(st.sampled_from(get_args(NotFoundMode))),
    )
    return files, site


@st.composite
def visits(draw: st.DrawFn, count: int) -> list[tuple[TableSite, str, bool]]:
    """`count` requests (site, address, whether the browser navigates) to one site."""
    files, site = draw(table_sites())
    address = sites.addresses(files) | uris
    return [(site, draw(address), draw(st.booleans())) for _ in range(count)]


def call_of(site: TableSite, uri: str, navigation: bool) -> Call:
    """The router's call for one visit."""
    event = request_for(uri)
    mode = {"sec-fetch-mode": {"value": "navigate"}}
    event["request"]["headers"] = mode if navigation else {"sec-fetch-mode": {"value": "cors"}}
    return Call(event, site.store)


def _compare(engine: Engine, batch: list[tuple[TableSite, str, bool]]) -> None:
    outcomes = engine.run(ROUTER, [call_of(*visit) for visit in batch])
    for (site, uri, navigation), outcome in zip(batch, outcomes, strict=True):
        answer = site.answer(uri, navigation=navigation)
        assert shown(outcome) == expected(answer), uri
        assert outcome.reads == (0 if isinstance(answer, Refused) else 2)


@given(visits(8))
@settings(max_examples=200)
def test_the_router_decides_as_python_does(batch: list[tuple[TableSite, str, bool]]) -> None:
    _compare(QUICKJS, batch)


@pytest.mark.njs
def test_the_oldest_engine_decides_as_python_does() -> None:
    require_njs()

    # One process answers a whole batch; shrinking would start thousands.
    @given(st.lists(visits(4), min_size=5, max_size=12))
    @settings(max_examples=15, phases=[Phase.reuse, Phase.generate])
    def compare(batches: list[list[tuple[TableSite, str, bool]]]) -> None:
        _compare(Njs(), [visit for batch in batches for visit in batch])

    compare()


odd_fields = st.fixed_dictionaries(
    {},
    optional={
        "layers": json_values | st.lists(json_values, min_size=1, max_size=3),
        "buckets": json_values | st.integers(1, 3),
        "salt": json_values,
        "version": json_values,
        "html": json_values,
        "notFound": json_values | st.sampled_from(get_args(NotFoundMode)),
        "errorFolders": json_values
        | st.dictionaries(tricks | st.just("") | st.just("a"), json_values | st.just(0)),
    },
)


@given(visits(1), odd_fields, st.none() | st.text("-_AB09!é/", max_size=20))
@settings(max_examples=300)
def test_any_record_and_bucket_is_answered_in_three_reads(
    batch: list[tuple[TableSite, str, bool]], fields: dict[str, Any], bucket: str | None
) -> None:
    ((site, uri, navigation),) = batch
    record = json.dumps(json.loads(site.store["a/production"]) | fields)
    store = site.store | {"a/production": record}
    if bucket is not None:
        store = {key: bucket for key in store} | {"a/production": record}
    call = call_of(site, uri, navigation)
    (outcome,) = QUICKJS.run(ROUTER, [Call(call.event, store)])
    assert outcome.error is None
    assert outcome.reads <= 3
    result = outcome.result or {}
    assert result.get("statusCode", 200) in {200, 307, 400, 404, 500}
    if "uri" in result:
        assert result["uri"].startswith("/v")
