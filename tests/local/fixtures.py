"""One local AWS and one stage for the whole run: a start and a bootstrap take some 15 seconds.

A tier that wants them imports them into its conftest.py.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from decant.local.process import LocalAws, StartOptions
from tests.local.stage import Stage, copy_app


@pytest.fixture(scope="session")
def local_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    """Local AWS with empty state, ended with the run."""
    local = LocalAws.start(tmp_path_factory.mktemp("local-aws"), StartOptions(fresh=True))
    yield local
    local.stop()


@pytest.fixture(scope="session")
def stage(local_aws: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """A stage made by the real bootstrap."""
    return Stage(local_aws, "test", copy_app(tmp_path_factory.mktemp("app") / "app"))
