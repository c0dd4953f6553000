"""The world that each test of a command gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.decant.cli.world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    """One stage, `prod`, whose deployments go live at once."""
    made = World(tmp_path / "stages")
    made.has_stage("prod")
    return made


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder `dist` with two files."""
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<h1>Hello</h1>")
    (folder / "assets" / "app.js").write_text("1")
    return folder
