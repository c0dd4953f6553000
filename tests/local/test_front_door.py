"""What a browser sees of a distribution on local AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import urllib3

from decant.local.process import LocalAws, StartOptions
from tests.local.plugin_server import Site, make_site


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    """A local AWS of its own: "the oldest distribution" must be one of these tests."""
    local = LocalAws.start(tmp_path_factory.mktemp("front-door"), StartOptions(fresh=True))
    empty = urllib3.request("GET", local.record.site_url, retries=False)
    assert (empty.status, b"no site here yet" in empty.data) == (503, True)
    yield local
    local.stop()


@pytest.fixture(scope="module")
def site(aws: LocalAws) -> Site:
    made = make_site(aws)
    made.switch("v1")
    made.put("v1/index.html", b"one")
    made.put("v2/index.html", b"two")
    made.put("v1/gone.html", b"gone", {"status": "404"})
    made.put("errors/404.html", b"no such page")
    return made


def test_the_router_follows_the_store_at_once(site: Site) -> None:
    assert site.get("/index.html")[2] == b"one"
    site.switch("v2")
    assert site.get("/index.html")[2] == b"two"
    site.switch("v1")
    assert site.get("/index.html")[2] == b"one"


def test_the_response_function_sets_headers_and_a_status_from_metadata(site: Site) -> None:
    status, headers, body = site.get("/gone.html")
    assert (status, headers["x-added"], body) == (404, "yes", b"gone")


def test_a_missing_object_gets_the_distributions_error_page_without_functions(site: Site) -> None:
    status, headers, body = site.get("/missing.html")
    assert (status, body) == (404, b"no such page")
    assert "x-added" not in headers


def test_a_function_that_throws_is_a_503(site: Site) -> None:
    assert site.get("/throw")[0] == 503


@pytest.mark.parametrize(
    "path",
    [
        "/echo/a%20b",
        "/echo//x",
        "/echo/../y",
        "/echo/%2e%2e/%41",
        "/echo/%zz",
        '/echo/"<>',
        "/echo/",
    ],
)
def test_the_router_sees_the_path_as_the_viewer_sent_it(site: Site, path: str) -> None:
    assert json.loads(site.get(path)[2])["uri"] == path


def test_the_router_sees_the_query_as_sent_and_the_distributions_host(site: Site) -> None:
    seen = json.loads(site.get("/echo?a=%2F&b&a=2", X_Mine="1")[2])
    assert seen["query"] == "a=%2F&b&a=2"
    assert seen["headers"]["host"] == {"value": site.domain}
    assert seen["headers"]["x-mine"] == {"value": "1"}
    assert "x-forwarded-proto" not in seen["headers"]


@pytest.mark.parametrize("path", ["/echo/_ministack/reset", "/_ministack/health", "/health"])
def test_no_path_of_the_site_reaches_the_emulators_own(site: Site, path: str) -> None:
    status, _, body = site.get(path)
    assert status in (200, 404)
    assert b"services" not in body


def test_head_ranges_and_validators_work(site: Site) -> None:
    status, headers, body = site.get("/index.html", method="HEAD")
    assert (status, headers["content-length"], body) == (200, "3", b"")
    assert site.get("/index.html", Range="bytes=1-")[::2] == (206, b"ne")
    assert site.get("/index.html", If_None_Match=headers["etag"])[::2] == (304, b"")


def test_a_post_is_refused_by_the_distribution(site: Site) -> None:
    assert site.get("/index.html", method="POST", Content_Length="0")[0] == 403


def test_a_distribution_is_picked_by_its_id_and_the_oldest_without(site: Site) -> None:
    second = make_site(site.local)
    second.switch("v9")
    second.put("v9/index.html", b"second")
    port = site.local.record.site_port
    assert second.get("/index.html")[2] == b"one"
    host = f"{second.distribution_id.lower()}.localhost:{port}"
    assert second.get("/index.html", host=host)[2] == b"second"
    assert second.get("/index.html", host=f"nobody.localhost:{port}")[0] == 503
