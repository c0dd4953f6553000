"""How requests are written on lines."""

from __future__ import annotations

import json

import pytest

from decant.preview.requests import BadRequest, Request, read_line, request_for


@pytest.mark.parametrize(
    ("line", "request_"),
    [
        (b"/a\n", Request("/a")),
        (b"/a?", Request("/a", "")),
        (b"/a?b=c&d\r\n", Request("/a", "b=c&d")),
        (b"/a%20b%2F?q=%41#part", Request("/a%20b%2F", "q=%41")),
        ("/é".encode(), Request("/é")),
        (b"//a//b/", Request("//a//b/")),
        (b'{"path": "/a"}', Request("/a")),
        (b'{"path": "/a?b=c", "query": {"d": "e f", "g": "100%"}}',
         Request("/a", "b=c&d=e%20f&g=100%25")),
        (b'{"path": "/a", "query": {"q": "a%20b", "r": "x&y=z#+"}}',
         Request("/a", "q=a%20b&r=x%26y%3Dz%23%2B")),
        (b'{"path": "/a", "query": "?b=c"}', Request("/a", "b=c")),
        (b'{"path": "/a", "headers": {"Accept": "text/html"}, "cookies": {"c": "1"}}',
         Request("/a", None, {"accept": "text/html"}, {"c": "1"})),
        (b'{"path": "/a", "headers": null, "query": null}', Request("/a")),
    ],
)  # fmt: skip
def test_a_line_is_a_path_or_an_object(line: bytes, request_: Request) -> None:
    assert read_line(line)[1] == request_


def test_the_path_is_given_back_as_it_was_written() -> None:
    assert read_line(b"  /a%2fb?c#d \n")[0] == "/a%2fb?c#d"
    assert read_line(b'{"path": "/a?b"}')[0] == "/a?b"


@pytest.mark.parametrize(
    ("line", "path", "why"),
    [
        (b"a", "a", "does not begin with /"),
        (b"https://x.example/", "https://x.example/", "does not begin with /"),
        (b"/\xff", "/\ufffd", "not UTF-8"),
        (b'{"path": "/a"', '{"path": "/a"', "no JSON"),
        (b'{"query": "a"}', '{"query": "a"}', 'no "path"'),
        (b'{"path": 1}', '{"path": 1}', 'no "path"'),
        (b'{"path": ""}', "", "does not begin with /"),
        (b'{"path": "/a", "headers": ["b"]}', "/a", '"headers" is no object of texts'),
        (b'{"path": "/a", "query": {"b": 1}}', "/a", '"query" is no object of texts'),
        (b'{"path": "/a", "header": {}}', "/a", "has 'header'"),
    ],
)
def test_any_other_line_is_told_what_is_wrong_with_it(line: bytes, path: str, why: str) -> None:
    with pytest.raises(BadRequest, match=why) as error:
        read_line(line)
    assert error.value.path == path


def test_the_event_has_what_came_more_than_once() -> None:
    asked = request_for("/a?b=1&b=2&c", cookies={"d": "e"}).event()["request"]
    assert asked["querystring"] == {
        "b": {"value": "1", "multiValue": [{"value": "1"}, {"value": "2"}]},
        "c": {"value": ""},
    }
    assert asked["cookies"] == {"d": {"value": "e"}}
    json.dumps(asked)
