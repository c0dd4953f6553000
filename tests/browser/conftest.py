"""Chromium, the builds of the Vite site and the stage, each started once for the whole run."""

from __future__ import annotations

import shutil
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.site import Builder
from tests.browser.tools import require_tools
from tests.browser.viewer import Viewer
from tests.local.fixtures import local_aws, stage
from tests.local.stage import Stage

__all__ = ["local_aws", "stage"]


@pytest.fixture(scope="session", autouse=True)
def tools() -> None:
    """Before anything starts: everything that is needed is there."""
    require_tools()


@pytest.fixture(scope="session")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    """Builds the site whose pages are open while it changes."""
    return Builder("vite", tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            # CI runs as root, where Chromium's sandbox does not start; it sees our own site only.
            args=["--no-sandbox", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture
def viewer(stage: Stage, chromium: Browser, tmp_path: Path) -> Iterator[Viewer]:
    """A person who has not seen the site before; a failed test leaves pictures in `tmp_path`."""
    viewer = Viewer(chromium, stage.local.record.site_url, pictures=tmp_path)
    yield viewer
    viewer.close()


@pytest.fixture
def other_viewer(stage: Stage, chromium: Browser, tmp_path: Path) -> Iterator[Viewer]:
    """Somebody else, with a browser of their own."""
    viewer = Viewer(chromium, stage.local.record.site_url, pictures=tmp_path / "other")
    yield viewer
    viewer.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """When a test has failed, save what its viewers' tabs show, and say where."""
    report = yield
    if report.when == "call" and report.failed and isinstance(item, pytest.Function):
        for viewer in item.funcargs.values():
            if isinstance(viewer, Viewer):
                report.sections.append(("Screenshots", viewer.take_pictures()))
    return report
