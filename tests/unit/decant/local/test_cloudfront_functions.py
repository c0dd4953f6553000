"""Published functions on their one thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from decant.local.cloudfront_functions import EdgeFunctionRunner
from decant.local.edge_runtime import EdgeFunction, EdgeFunctionError

READER = """
import cf from 'cloudfront';
async function handler(event) {
    var value = await cf.kvs().get('a');
    return {value: value, query: String(event.request.rawQueryString())};
}
"""
EVENT: dict[str, Any] = {
    "context": {"eventType": "viewer-request"},
    "request": {"method": "GET", "uri": "/", "querystring": {}, "headers": {}, "cookies": {}},
}


def test_each_call_reads_the_store_it_is_given_and_the_code_is_compiled_once() -> None:
    compiled: list[int] = []

    def compile_function(code: str, read: Callable[[str], str | None]) -> EdgeFunction:
        compiled.append(threading.get_ident())
        return EdgeFunction(code, read)

    runner = EdgeFunctionRunner(compile_function)
    assert runner.run(READER, EVENT, {"a": "1"}, "x=%2f") == {"value": "1", "query": "x=%2f"}
    assert runner.run(READER, EVENT, {"a": "2"})["value"] == "2"
    assert len(compiled) == 1
    assert compiled[0] != threading.get_ident()


def test_many_versions_of_a_function_do_not_pile_up() -> None:
    compiled: list[str] = []

    def compile_function(code: str, read: Callable[[str], str | None]) -> EdgeFunction:
        compiled.append(code)
        return EdgeFunction(code, read)

    runner = EdgeFunctionRunner(compile_function)
    codes = [f"function handler(e) {{ return {{n: {n}}}; }}" for n in range(17)]
    for code in codes:
        runner.run(code, EVENT, {})
    runner.run(codes[16], EVENT, {})
    runner.run(codes[0], EVENT, {})
    assert compiled == [*codes, codes[0]]


@pytest.mark.parametrize("code", ["function handler(", "var a = 1;", READER.replace("'a'", "'b'")])
def test_code_that_cannot_run_is_an_error(code: str) -> None:
    with pytest.raises(EdgeFunctionError):
        EdgeFunctionRunner().run(code, EVENT, {"a": "1"})
