"""The server in the admin API's place."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.decant.admin_server import Server
from tests.unit.decant.http_fakes import serving


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    with serving(made.answer) as made.url:
        yield made
