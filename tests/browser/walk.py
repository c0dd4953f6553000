"""The sites that are walked through, and what a walk has to know of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.browser.site import Build, Builder
from tests.browser.viewer import Tab, Viewer
from tests.local.stage import Stage

Steps = list[tuple[int, str]]  # status and path of each answer until the page is there


@dataclass(frozen=True)
class Site:
    """What a walk has to know of a site in sites/, all of which have a home page and a guide."""

    name: str
    guide: str  # where the links to it lead
    assets: str  # the folder in which every file has a fingerprint
    # JavaScript that is true once the page at hand answers to clicks.
    ready: str
    # Whether a link shows a page of the version that the tab has, or of the one that is live.
    links_keep_version: bool
    headings: Mapping[str, str]  # by address
    redirects: Mapping[str, Steps]  # by address
    missing: tuple[int, str]  # status and heading of what is not there


SITES = (
    Site(
        "react",
        guide="/guide",
        assets="/assets/",
        ready="document.querySelector('h1') !== null",
        links_keep_version=True,
        headings={"/": "Home", "/guide": "Guide", "/team/anna": "Team: anna"},
        redirects={
            "/old": [(301, "/old"), (200, "/guide")],
            "/people/anna": [(301, "/people/anna"), (200, "/team/anna")],
        },
        missing=(200, "No such page"),  # which only its router knows
    ),
    Site(
        "astro",
        guide="/guide/",
        assets="/_astro/",
        ready="document.readyState === 'complete'",
        links_keep_version=False,
        headings={"/": "Home", "/guide/": "Guide", "/guide": "Guide"},
        redirects={
            "/old": [(301, "/old"), (200, "/guide/")],
            "/archive/guide/": [(301, "/archive/guide/"), (200, "/guide/")],
        },
        missing=(404, "No such page"),
    ),
    Site(
        "vitepress",
        guide="/guide.html",
        assets="/assets/",
        ready="document.getElementById('app').__vue_app__ !== undefined",
        links_keep_version=True,
        headings={"/": "Home", "/guide": "Guide", "/guide.html": "Guide"},
        redirects={
            "/old": [(301, "/old"), (200, "/guide")],
            "/archive/guide": [(301, "/archive/guide"), (200, "/guide")],
        },
        missing=(404, "PAGE NOT FOUND"),
    ),
)


@dataclass(frozen=True)
class Walk:
    """A site whose `old` build is live, and its next build."""

    stage: Stage
    site: Site
    old: Build
    new: Build

    def deploy(self, build: Build, alias: str = "production") -> int:
        """Deploy a build; returns its version number."""
        done = self.stage.deploy(build.files, f"{alias}/site.zip")
        assert (done.status, done.reason) == ("live", None)
        assert done.version is not None
        return done.version

    def open(self, viewer: Viewer, address: str) -> Tab:
        """A new tab with this page, which answers to clicks."""
        tab = viewer.open(address)
        tab.page.wait_for_function(self.site.ready)
        return tab


def old_and_new(site: Site, folder: Path) -> tuple[Build, Build]:
    """Two builds that differ in their version text, made in `folder`."""
    builder = Builder(site.name, folder)
    return builder.build(f"{site.name}: old"), builder.build(f"{site.name}: new")
