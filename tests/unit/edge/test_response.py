"""edge/response.js: from an object's metadata to headers and a status."""

from __future__ import annotations

import pytest

from tests.unit.edge.engines import RESPONSE, Call, Engine, altered
from tests.unit.edge.event_files import Event, load, response_with, response_with_metadata


def answer_to(engine: Engine, event: Event) -> Event:
    (outcome,) = engine.run(RESPONSE, [Call(event)])
    assert outcome.error is None
    assert outcome.result is not None
    return outcome.result


def headers_after(engine: Engine, event: Event) -> dict[str, str]:
    answer = answer_to(engine, event)
    return {name: header["value"] for name, header in answer["headers"].items()}


def test_takes_s3s_own_headers_away_and_keeps_the_rest(engine: Engine) -> None:
    assert headers_after(engine, load("viewer-response")) == {
        "content-type": "text/html; charset=utf-8",
        "content-length": "1543",
        "cache-control": "public, max-age=0, must-revalidate",
        "etag": '"9b2cf535f27731c974343645a3985328"',
        "last-modified": "Mon, 23 Nov 2026 16:00:00 GMT",
    }


def test_turns_metadata_into_headers_and_a_status(engine: Engine) -> None:
    answer = answer_to(engine, load("viewer-response-with-metadata"))
    assert answer == {
        "statusCode": 404,
        "headers": {
            "content-type": {"value": "text/html; charset=utf-8"},
            "content-length": {"value": "812"},
            "x-frame-options": {"value": "DENY"},
            "content-security-policy": {"value": "default-src 'self'"},
        },
        "cookies": {},
    }


def test_a_header_of_the_site_replaces_the_platforms(engine: Engine) -> None:
    event = response_with_metadata({"Cache-Control": "public, max-age=31536000, immutable"})
    assert headers_after(engine, event)["cache-control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize(
    "name",
    [
        "age",
        "connection",
        "content-encoding",
        "content-length",
        "content-range",
        "date",
        "expect",
        "keep-alive",
        "proxy-authenticate",
        "proxy-connection",
        "server",
        "set-cookie",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via",
        "Via",
        "warning",
        "x-accel-redirect",
        "x-amz-cf-id",
        "x-amz-meta-decant-status",
        "x-amzn-trace-id",
        "x-cache",
        "x-edge-location",
        "x-forwarded-proto",
        "x-real-ip",
        "",
        " ",
        "x y",
        "x:y",
        "x\r\ny",
        "x\n",
        "vary\n",
        "é",
        "__proto__",
        ":status",
        "(x)",
    ],
)
def test_leaves_out_a_header_that_must_not_be_set(engine: Engine, name: str) -> None:
    event = response_with_metadata({name: "1", "x-kept": "2"})
    expected = headers_after(engine, load("viewer-response")) | {"x-kept": "2"}
    assert headers_after(engine, event) == expected


@pytest.mark.parametrize(
    "name", ["x-cached", "vial", "x-real-ip2", "x_a.b~c!", "9x", "constructor"]
)
def test_sets_a_header_whose_name_only_resembles_a_refused_one(engine: Engine, name: str) -> None:
    assert headers_after(engine, response_with_metadata({name: "1"}))[name] == "1"


@pytest.mark.parametrize(
    "value",
    [
        "",
        "a\r\nb",
        "a\nb",
        "a\n",
        "a\x00",
        "a\x1f",
        "\x7f",
        "a\tb",
        "é",
        "\x80",
        None,
        1,
        True,
        [],
        {},
    ],
)
def test_leaves_out_a_value_that_is_no_header_value(engine: Engine, value: object) -> None:
    event = response_with_metadata({"x-bad": value, "x-kept": "2"})
    after = headers_after(engine, event)
    assert "x-bad" not in after
    assert after["x-kept"] == "2"


@pytest.mark.parametrize("value", [" ", "~", "a" * 2000, '"quoted" \\ %0d%0a'])
def test_sets_any_value_of_visible_ascii(engine: Engine, value: str) -> None:
    assert headers_after(engine, response_with_metadata({"x-a": value}))["x-a"] == value


@pytest.mark.parametrize("text", ["", "{", "null", "1", '"x"', '["x-a"]', "{}", '{"x-a":', "é"])
def test_malformed_metadata_changes_nothing(engine: Engine, text: str) -> None:
    event = response_with({"x-amz-meta-decant-headers": text})
    assert answer_to(engine, event) == answer_to(engine, load("viewer-response"))


@pytest.mark.parametrize("status", ["400", "404", "410", "451", "599"])
def test_sets_an_error_status(engine: Engine, status: str) -> None:
    answer = answer_to(engine, response_with({"x-amz-meta-decant-status": status}))
    assert answer["statusCode"] == int(status)
    assert "statusDescription" not in answer


@pytest.mark.parametrize(
    "status", ["", "200", "399", "600", "0", "4040", "40", "404 ", "4.4", "abc", "-404", "404\n"]
)
def test_ignores_a_status_that_is_no_error(engine: Engine, status: str) -> None:
    answer = answer_to(engine, response_with({"x-amz-meta-decant-status": status}))
    assert answer["statusCode"] == 200
    assert answer["statusDescription"] == "OK"


@pytest.mark.parametrize("status", [206, 304])
def test_keeps_the_status_of_an_answer_about_bytes_the_viewer_has(
    engine: Engine, status: int
) -> None:
    event = response_with({"x-amz-meta-decant-status": "404"}, status)
    assert answer_to(engine, event)["statusCode"] == status


def test_leaves_cookies_alone(engine: Engine) -> None:
    event = response_with_metadata({"set-cookie": "a=1"})
    event["response"]["cookies"] = {"theme": {"value": "dark"}}
    assert answer_to(engine, event)["cookies"] == {"theme": {"value": "dark"}}


def test_metadata_cannot_change_what_the_headers_inherit(engine: Engine) -> None:
    probe = "response.clean = Object.getPrototypeOf(headers) === Object.prototype; return response;"
    event = response_with({"x-amz-meta-decant-headers": '{"__proto__":"1"}'})
    (outcome,) = engine.run(altered("response.js", "return response;", probe), [Call(event)])
    assert outcome.result is not None
    assert outcome.result["clean"] is True
