"""edge/router.js: from a viewer's path to an object, a redirect or a small page."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.edge.engines import ROUTER, Call, Engine, Outcome, altered
from tests.unit.edge.event_files import Event, load, request_for

RECORD: dict[str, Any] = {
    "version": 3,
    "layers": [3],
    "buckets": 0,
    "salt": 0,
    "html": "auto-trailing-slash",
    "notFound": "none",
    "pages": "folder",
    "exact": ["CNAME", "docs/LICENSE", "grüße"],
}


def visit(
    engine: Engine,
    uri: str | Event,
    record: dict[str, Any] | str | None = None,
    raw_query: str | None = None,
    code: str = ROUTER,
) -> Outcome:
    """What the router does with `uri` (or a whole event) when `record` is live."""
    text = record if isinstance(record, str) else json.dumps(record or RECORD)
    event = request_for(uri) if isinstance(uri, str) else uri
    (outcome,) = engine.run(code, [Call(event, {"a/production": text}, raw_query)])
    assert outcome.error is None
    return outcome


def result(engine: Engine, *args: Any, **kwargs: Any) -> Event:
    answer = visit(engine, *args, **kwargs).result
    assert answer is not None
    return answer


# What the response headers policy adds to answers from the origin.
SECURITY = {
    "strict-transport-security": {"value": "max-age=31536000; includeSubDomains"},
    "x-content-type-options": {"value": "nosniff"},
    "x-frame-options": {"value": "DENY"},
    "referrer-policy": {"value": "strict-origin-when-cross-origin"},
}


def assert_page(answer: Event, status: int) -> None:
    assert answer["statusCode"] == status
    assert answer["headers"] == SECURITY | {
        "cache-control": {"value": "no-store"},
        "content-type": {"value": "text/html; charset=utf-8"},
    }
    assert answer["body"].startswith("<!doctype html>")
    assert len(answer["body"]) < 1000


@pytest.mark.parametrize(
    ("asked", "stored"),
    [
        ("/", "/v3/index.html"),
        ("//", "/v3/index.html"),
        ("/guide/", "/v3/guide/index.html"),
        ("/guide/deep/", "/v3/guide/deep/index.html"),
        ("/v1.2/", "/v3/v1.2/index.html"),
        ("/app.js", "/v3/app.js"),
        ("/guide/index.html", "/v3/guide/index.html"),
        ("/.well-known", "/v3/.well-known"),
        ("/a...b", "/v3/a...b"),
        ("/.../", "/v3/.../index.html"),
        ("/CNAME", "/v3/CNAME"),
        ("/docs/LICENSE", "/v3/docs/LICENSE"),
        ("/docs//LICENSE", "/v3/docs/LICENSE"),
        ("/CNAME/", "/v3/CNAME/index.html"),
    ],
)
def test_finds_the_object_of_a_site_path(engine: Engine, asked: str, stored: str) -> None:
    assert result(engine, asked)["uri"] == stored


@pytest.mark.parametrize(
    ("asked", "stored"),
    [
        ("/a%62c.txt", "/v3/abc.txt"),
        ("/%61bc.txt", "/v3/abc.txt"),
        ("/a//b///c.txt", "/v3/a/b/c.txt"),
        ("/caf%C3%A9.txt", "/v3/caf%C3%A9.txt"),
        ("/caf%c3%a9.txt", "/v3/caf%C3%A9.txt"),
        ("/café.txt", "/v3/caf%C3%A9.txt"),
        ("/%F0%9F%98%80.png", "/v3/%F0%9F%98%80.png"),
        ("/a+b.txt", "/v3/a%2Bb.txt"),
        ("/a%2Bb.txt", "/v3/a%2Bb.txt"),
        ("/a%20b.txt", "/v3/a%20b.txt"),
        ("/a b.txt", "/v3/a%20b.txt"),
        ("/it's(1)!*.txt", "/v3/it%27s%281%29%21%2A.txt"),
        ("/a%3Fb%23c.txt", "/v3/a%3Fb%23c.txt"),
        ("/a:b@c&d=e$f,g;h.txt", "/v3/a%3Ab%40c%26d%3De%24f%2Cg%3Bh.txt"),
        ("/a-b_c.d~e", "/v3/a-b_c.d~e"),
        ("/%252e%252e/x.txt", "/v3/%252e%252e/x.txt"),
        ("/100%25.txt", "/v3/100%25.txt"),
        ("/gr%C3%BC%C3%9Fe", "/v3/gr%C3%BC%C3%9Fe"),
    ],
)
def test_gives_one_object_one_address_however_it_is_spelt(
    engine: Engine, asked: str, stored: str
) -> None:
    assert result(engine, asked)["uri"] == stored


@pytest.mark.parametrize(
    "asked",
    [
        "/../secret",
        "/a/../b.html",
        "/a/..",
        "/./a.html",
        "/a/.",
        "/%2e%2e/secret",
        "/%2E%2e/secret",
        "/.%2e/secret",
        "/%2e/a",
        "/a%2fb.html",
        "/a%2F..%2Fb.html",
        "/..%2f_manifests/v3.json",
        "/a%5cb.html",
        "/..%5Cb.html",
        "/a\\b.html",
        "/a%00.html",
        "/a\x00.html",
        "/a%0d%0ab.html",
        "/a%1f",
        "/a%7f",
        "/a%C2%80",
        "/a%C2%9F",
        "/%",
        "/a%2",
        "/a%zz",
        "/a%ff.html",
        "/%c0%ae%c0%ae/secret",
        "/%ed%a0%80",
        "/%e2%82",
    ],
)
def test_refuses_a_path_that_no_site_can_have(engine: Engine, asked: str) -> None:
    outcome = visit(engine, asked)
    assert outcome.result is not None
    assert_page(outcome.result, 400)
    assert outcome.reads == 0


@pytest.mark.parametrize("asked", ["/a%20", "/a%7e/", "/a%C2%A0/"])
def test_takes_the_characters_just_outside_the_control_ranges(engine: Engine, asked: str) -> None:
    assert "body" not in result(engine, asked)


@pytest.mark.parametrize(
    ("asked", "location"),
    [
        ("/guide", "/guide/"),
        ("/guide/deep", "/guide/deep/"),
        ("//evil.example/x", "/evil.example/x/"),
        ("//evil", "/evil/"),
        ("///evil//x", "/evil/x/"),
        ("/http:", "/http%3A/"),
        ("/caf%c3%a9", "/caf%C3%A9/"),
        ("/café", "/caf%C3%A9/"),
        ("/a%20b", "/a%20b/"),
        ("/a%22%3E%3Cscript%3E", "/a%22%3E%3Cscript%3E/"),
        ("/LICENSE", "/LICENSE/"),
        ("/cname", "/cname/"),
    ],
)
def test_sends_a_page_without_a_slash_to_its_folder(
    engine: Engine, asked: str, location: str | None
) -> None:
    answer = result(engine, asked)
    if (
        location is None
    ):  # `//host/x` is the path /host/x; with a dot in `x`'s place it would be served
        location = "/evil.example/x/"
    assert answer["statusCode"] == 307
    assert answer["headers"] == SECURITY | {
        "location": {"value": location},
        "cache-control": {"value": "no-store"},
    }


@pytest.mark.parametrize(
    ("raw_query", "kept"),
    [
        (None, ""),
        ("", "?"),
        ("a=1&b", "?a=1&b"),
        ("b=%20+&a=1&b=2&&=", "?b=%20+&a=1&b=2&&="),
        ("next=//evil.example/?x", "?next=//evil.example/?x"),
        ("a=%0d%0aset-cookie:x", "?a=%0d%0aset-cookie:x"),
        ("a=\r\nset-cookie: x", "?a=%0D%0Aset-cookie:%20x"),
        ("a=é", "?a=%C3%A9"),
    ],
)
def test_a_redirect_keeps_the_query_as_it_was_sent(
    engine: Engine, raw_query: str | None, kept: str
) -> None:
    answer = result(engine, "/guide", raw_query=raw_query)
    assert answer["headers"]["location"]["value"] == "/guide/" + kept


@pytest.mark.parametrize(
    ("asked", "stored"),
    [
        ("/", "/v3/index.html"),
        ("/about", "/v3/about.html"),
        ("/docs/about", "/v3/docs/about.html"),
        ("/docs/", "/v3/docs/index.html"),
        ("/about.html", "/v3/about.html"),
        ("/CNAME", "/v3/CNAME"),
        ("/caf%c3%a9", "/v3/caf%C3%A9.html"),
    ],
)
def test_a_site_of_html_files_gets_them_without_a_redirect(
    engine: Engine, asked: str, stored: str
) -> None:
    assert result(engine, asked, RECORD | {"pages": "file"})["uri"] == stored


@pytest.mark.parametrize(
    ("asked", "stored"),
    [
        ("/", "/v3/"),
        ("/about", "/v3/about"),
        ("/about/", "/v3/about/"),
        ("/about.html", "/v3/about.html"),
        ("//a//b", "/v3/a/b"),
    ],
)
def test_html_handling_none_serves_exact_paths_only(
    engine: Engine, asked: str, stored: str
) -> None:
    assert result(engine, asked, RECORD | {"html": "none"})["uri"] == stored


@pytest.mark.parametrize("asked", ["/_manifests/v3.json", "/v2/old.html", "/_decant/404.html"])
def test_a_viewer_cannot_name_what_lies_beside_the_layer(engine: Engine, asked: str) -> None:
    assert result(engine, asked)["uri"] == "/v3" + asked


def test_serves_the_layer_of_the_record(engine: Engine) -> None:
    assert result(engine, "/a.txt", RECORD | {"layers": [1042]})["uri"] == "/v1042/a.txt"


def test_a_record_without_exact_files_is_complete(engine: Engine) -> None:
    record = {name: value for name, value in RECORD.items() if name != "exact"}
    assert result(engine, "/CNAME", record)["headers"]["location"]["value"] == "/CNAME/"


def test_reads_the_store_once(engine: Engine) -> None:
    assert visit(engine, "/guide/").reads == 1
    assert visit(engine, "/guide").reads == 1


def test_leaves_all_but_the_uri_of_the_request_alone(engine: Engine) -> None:
    expected = load("viewer-request")["request"] | {"uri": "/v3/guide/index.html"}
    assert result(engine, load("viewer-request")) == expected


def test_says_so_when_nothing_has_been_deployed(engine: Engine) -> None:
    (outcome,) = engine.run(ROUTER, [Call(request_for("/"), {"a/staging": json.dumps(RECORD)})])
    assert outcome.result is not None
    assert_page(outcome.result, 404)
    assert "Nothing has been deployed here yet." in outcome.result["body"]
    assert outcome.reads == 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "3",
        '"v3"',
        "[]",
        "{}",
        '{"layers":3}',
        '{"layers":[]}',
        '{"layers":["3"]}',
        '{"layers":[0]}',
        '{"layers":[-1]}',
        '{"layers":[1.5]}',
        '{"layers":[1e21]}',
        '{"layers":[null]}',
        '{"layers":[3],"buckets":16}',
    ],
)
def test_answers_500_to_a_record_it_does_not_understand(engine: Engine, text: str) -> None:
    assert_page(result(engine, "/", text), 500)


@pytest.mark.parametrize("exact", [None, "CNAME", 5, {"CNAME": 1}, [None, 1, {}]])
def test_ignores_a_list_of_exact_files_that_is_none(engine: Engine, exact: object) -> None:
    answer = result(engine, "/CNAME", RECORD | {"exact": exact})
    assert answer["headers"]["location"]["value"] == "/CNAME/"


def test_answers_500_when_the_store_fails(engine: Engine) -> None:
    failing = altered(
        "router",
        "const store = cf.kvs();",
        "const store = { get: () => Promise.reject(1), exists: () => Promise.reject(1) };",
    )
    assert_page(result(engine, "/", code=failing), 500)


def test_answers_500_when_the_store_holds_the_record_but_cannot_give_it(engine: Engine) -> None:
    store = "{ get: () => Promise.reject(1), exists: (key) => cf.kvs().exists(key) }"
    failing = altered("router", "const store = cf.kvs();", f"const store = {store};")
    assert_page(result(engine, "/", code=failing), 500)


def test_the_pages_name_nothing_of_the_inside(engine: Engine) -> None:
    for answer in (result(engine, "/%00"), result(engine, "/", "{broken-secret")):
        assert "production" not in answer["body"]
        assert "secret" not in answer["body"]
