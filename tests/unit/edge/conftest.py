"""Each test that takes `engine` runs on QuickJS and on njs."""

from __future__ import annotations

import os

import pytest

from tests.unit.edge import njs
from tests.unit.edge.engines import Engine, Njs, QuickJs


def require_njs() -> None:
    """Skip the test without njs; in CI its absence is a failure, or nobody would notice."""
    if njs.available():
        return
    if os.environ.get("CI"):
        pytest.fail("njs is not installed: CI needs the Debian package njs")
    pytest.skip("njs is not installed (Debian package njs)")


@pytest.fixture(scope="session", params=["quickjs", pytest.param("njs", marks=pytest.mark.njs)])
def engine(request: pytest.FixtureRequest) -> Engine:
    """The engine to run the edge functions on."""
    if request.param == "quickjs":
        return QuickJs()
    require_njs()
    return Njs()
