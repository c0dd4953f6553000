"""The fixtures of the tests on local AWS."""

from __future__ import annotations

import pytest

from tests.local.fixtures import local_aws, stage
from tests.local.hands import Hands
from tests.local.stage import Stage

__all__ = ["hands", "local_aws", "stage"]


@pytest.fixture(scope="session")
def hands(stage: Stage) -> Hands:
    """Hands on that stage."""
    return Hands(stage)
