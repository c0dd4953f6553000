"""edge/router: previews and passwords; and what edge/response.js says of them."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from chalicelib.decisions.audience import sealed
from tests.unit.edge.engines import RESPONSE, ROUTER, Call, Engine, Outcome
from tests.unit.edge.event_files import Event, load, request_for

SECRET = "correct:horse-1"
PASSWORD = sealed(SECRET, "saltsaltsalt")


def record(number: int, **more: Any) -> str:
    """The record of a flat version."""
    shown = {"version": number, "layers": [number], "buckets": 0, "salt": 0}
    return json.dumps({**shown, "html": "auto-trailing-slash", "notFound": "none", **more})


def asking(number: int) -> str:
    """The record of an alias with the password."""
    return record(number, password=[PASSWORD.salt, PASSWORD.digest])


STORE = {
    "a/production": record(3),
    "a/staging": asking(4),
    "a/pr-12": record(5),
    "v/5": record(5, alias="pr-12"),
    "v/4": record(4, alias="staging"),
    "v/9": record(9, alias="gone"),
}


def visit(
    engine: Engine,
    uri: str = "/",
    *,
    preview: str = "",
    authorization: str | None = None,
    store: dict[str, str] = STORE,
) -> Outcome:
    """What a browser gets that has this preview's cookie and sends this header."""
    event = request_for(uri)
    if preview:
        event["request"]["cookies"]["decant"] = {"value": preview}
    if authorization is not None:
        event["request"]["headers"]["authorization"] = {"value": authorization}
    (outcome,) = engine.run(ROUTER, [Call(event, store)])
    assert outcome.error is None
    return outcome


def result(engine: Engine, *args: Any, **kwargs: Any) -> Event:
    answer = visit(engine, *args, **kwargs).result
    assert answer is not None
    return answer


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


# Beginning and ending a preview -----------------------------------------------------------------


def chosen(engine: Engine, uri: str, raw_query: str) -> Outcome:
    """What `uri` with this query gives, which CloudFront has taken apart into parameters."""
    event = request_for(uri)
    parameters = [part.partition("=") for part in raw_query.split("&")]
    event["request"]["querystring"] = {
        name: {"value": value} for name, _, value in reversed(parameters)
    }
    (outcome,) = engine.run(ROUTER, [Call(event, STORE, raw_query)])
    assert outcome.error is None
    return outcome


@pytest.mark.parametrize("name", ["pr-12", "v5", "production", "a" * 63])
def test_a_preview_begins_with_a_cookie_and_the_same_address(engine: Engine, name: str) -> None:
    outcome = chosen(engine, "/guide/", f"decant={name}")
    answer = outcome.result
    assert answer is not None
    assert answer["statusCode"] == 302
    assert answer["headers"]["location"]["value"] == "/guide/"
    assert answer["headers"]["cache-control"]["value"] == "no-store"
    assert answer["cookies"] == {
        "decant": {"value": name, "attributes": "Path=/; Secure; HttpOnly; SameSite=Lax"}
    }
    assert outcome.reads == 0


@pytest.mark.parametrize(
    "name", ["off", "", "V5", "a.b", "a%20b", "../x", "x;Domain=evil", "é", "a" * 64]
)
def test_off_and_what_cannot_be_a_name_end_a_preview(engine: Engine, name: str) -> None:
    answer = chosen(engine, "/guide/", f"decant={name}").result
    assert answer is not None
    assert answer["statusCode"] == 302
    assert answer["headers"]["location"]["value"] == "/guide/"
    assert answer["cookies"]["decant"] == {
        "value": "",
        "attributes": "Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0",
    }


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("decant=v5&a=1", "?a=1"),
        ("a=1&decant=v5", "?a=1"),
        ("a=1&decant=v5&b=%20+&b=2", "?a=1&b=%20+&b=2"),
        ("decanter=1&decant=v5&x-decant=2", "?decanter=1&x-decant=2"),
        ("decant", ""),
        ("decant&a", "?a"),
        ("next=//evil.example/&decant=v5", "?next=//evil.example/"),
        ("a=\r\nset-cookie:x&decant=v5", "?a=%0D%0Aset-cookie:x"),
    ],
)
def test_other_parameters_stay_as_they_were_sent(engine: Engine, query: str, kept: str) -> None:
    answer = chosen(engine, "/guide", query).result
    assert answer is not None
    assert answer["headers"]["location"]["value"] == "/guide" + kept


@pytest.mark.parametrize(
    ("uri", "address"),
    [
        ("//evil.example/", "/evil.example/"),
        ("//evil.example", "/evil.example"),
        ("///evil.example//x", "/evil.example/x"),
        ("/http:", "/http%3A"),
        ("/https://evil.example/", "/https%3A/evil.example/"),
        ("/@evil.example/", "/%40evil.example/"),
        ("/%40evil.example/", "/%40evil.example/"),
    ],
)
def test_a_preview_never_leads_to_another_host(engine: Engine, uri: str, address: str) -> None:
    answer = chosen(engine, uri, "decant=x").result
    assert answer is not None
    assert answer["headers"]["location"]["value"] == address


@pytest.mark.parametrize("uri", ["/\\evil.example", "/%5cevil.example", "/%0d%0aset-cookie:x"])
def test_a_path_that_no_site_can_have_begins_no_preview(engine: Engine, uri: str) -> None:
    answer = chosen(engine, uri, "decant=v5").result
    assert answer is not None
    assert answer["statusCode"] == 400
    assert "cookies" not in answer


# What a preview shows ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("preview", "stored", "reads"),
    [
        ("", "/v3/a.txt", 1),
        ("pr-12", "/v5/a.txt", 1),
        ("production", "/v3/a.txt", 1),
        ("v5", "/v5/a.txt", 2),  # and the alias that it was deployed to
        ("V5", "/v3/a.txt", 1),
        ("x/../y", "/v3/a.txt", 1),
    ],
)
def test_shows_the_alias_or_the_version(
    engine: Engine, preview: str, stored: str, reads: int
) -> None:
    outcome = visit(engine, "/a.txt", preview=preview)
    assert outcome.result is not None
    assert outcome.result["uri"] == stored
    assert outcome.reads == reads


@pytest.mark.parametrize("preview", ["nobody", "v6", "v", "v05", "v9"])
def test_an_unknown_preview_says_so_and_how_to_leave_it(engine: Engine, preview: str) -> None:
    answer = result(engine, preview=preview)
    assert answer["statusCode"] == 404
    assert 'There is no such preview. <a href="/?decant=off">Leave it</a>' in answer["body"]
    assert answer["headers"]["x-robots-tag"] == {"value": "noindex"}


@pytest.mark.parametrize("broken", ["", "{", "null", '{"layers":[]}'])
def test_a_version_is_not_shown_while_its_alias_cannot_be_read(engine: Engine, broken: str) -> None:
    answer = result(engine, preview="v4", store={**STORE, "a/staging": broken})
    assert answer["statusCode"] == 500


@pytest.mark.parametrize(
    ("uri", "preview", "status"),
    [("/guide", "pr-12", 307), ("/", "nobody", 404), ("/%00", "", 400), ("/", "staging", 401)],
)
def test_the_routers_own_answers_keep_previews_out_of_search_engines(
    engine: Engine, uri: str, preview: str, status: int
) -> None:
    answer = result(engine, uri, preview=preview)
    assert answer["statusCode"] == status
    assert answer["headers"].get("x-robots-tag") == ({"value": "noindex"} if preview else None)


def test_what_all_get_may_be_indexed(engine: Engine) -> None:
    assert "x-robots-tag" not in result(engine, "/guide")["headers"]


# Passwords --------------------------------------------------------------------------------------


@pytest.mark.parametrize("preview", ["staging", "v4"])
def test_an_alias_and_the_versions_deployed_to_it_ask_for_its_password(
    engine: Engine, preview: str
) -> None:
    answer = result(engine, "/a.txt", preview=preview)
    assert answer["statusCode"] == 401
    assert answer["headers"]["www-authenticate"] == {"value": 'Basic realm="Preview"'}
    assert answer["headers"]["cache-control"] == {"value": "no-store"}
    for text in (f"ana:{SECRET}", f":{SECRET}"):
        admitted = result(engine, "/a.txt", preview=preview, authorization=basic(text))
        assert admitted["uri"] == "/v4/a.txt"


def test_production_may_ask_for_a_password_too(engine: Engine) -> None:
    store = {"a/production": asking(3)}
    assert result(engine, store=store)["statusCode"] == 401
    assert (
        result(engine, store=store, authorization=basic(f"x:{SECRET}"))["uri"] == "/v3/index.html"
    )


def test_a_canary_of_an_alias_with_a_password_is_behind_it_too(engine: Engine) -> None:
    closed = json.loads(asking(3)) | {"canary": [99, 5]}
    store = {**STORE, "a/production": json.dumps(closed)}
    assert result(engine, store=store)["statusCode"] == 401


@pytest.mark.parametrize(
    "header",
    [
        "",
        " ",
        "Basic",
        "Basic ",
        "basic",
        "Bearer x",
        "Basic !!!!",
        "Basic =",
        "Basic ====",
        "Basic YQ",
        "Basic \u00e9",
        "Basic " + "A" * 10_000,
        basic(""),
        basic(":"),
        basic(SECRET.upper()),
        basic(f"ana:{SECRET} "),
        basic(f"ana:{SECRET[:-1]}"),
        basic(f"ana:{PASSWORD.digest}"),
        basic("ana:é"),
        "Basic " + base64.b64encode(bytes(range(256))).decode(),
        SECRET,
    ],
)
def test_a_wrong_or_odd_header_is_a_401_and_never_throws(engine: Engine, header: str) -> None:
    assert result(engine, preview="staging", authorization=header)["statusCode"] == 401


@pytest.mark.parametrize(
    "password", [[], [1], ["saltsaltsalt"], [None, None], {}, "text", 5, [PASSWORD.salt, ""], True]
)
def test_a_password_that_is_none_admits_nobody(engine: Engine, password: object) -> None:
    store = {"a/production": record(3, password=password)}
    for header in ("", basic(f"ana:{SECRET}"), basic("ana:undefined")):
        assert result(engine, store=store, authorization=header)["statusCode"] == 401


# What response.js says ----------------------------------------------------------------------------


def headers_of(engine: Engine, cookies: dict[str, str], headers: dict[str, str]) -> dict[str, str]:
    """The headers of the plain response to a request with these cookies and headers."""
    event = load("viewer-response")
    for name, value in cookies.items():
        event["request"]["cookies"][name] = {"value": value}
    for name, value in headers.items():
        event["request"]["headers"][name] = {"value": value}
    (outcome,) = engine.run(RESPONSE, [Call(event)])
    assert outcome.error is None
    assert outcome.result is not None
    return {name: header["value"] for name, header in outcome.result["headers"].items()}


def test_a_preview_is_private_and_not_indexed(engine: Engine) -> None:
    headers = headers_of(engine, {"decant": "pr-12"}, {})
    assert (headers["x-robots-tag"], headers["cache-control"]) == ("noindex", "private, no-cache")


def test_what_needs_a_password_is_private(engine: Engine) -> None:
    headers = headers_of(engine, {}, {"authorization": basic(f"ana:{SECRET}")})
    assert headers["cache-control"] == "private, no-cache"
    assert "x-robots-tag" not in headers


def test_what_all_get_is_as_the_site_says(engine: Engine) -> None:
    headers = headers_of(engine, {"theme": "dark"}, {})
    assert headers["cache-control"] == "public, max-age=0, must-revalidate"
    assert "x-robots-tag" not in headers
