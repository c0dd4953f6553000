"""A person's way through sites that React with Vite, Astro and VitePress have built."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.browser.site import Build
from tests.browser.viewer import Tab, Viewer
from tests.browser.walk import SITES, Site, Walk, old_and_new
from tests.local.stage import Stage

pytestmark = pytest.mark.browser

Builds = dict[str, Future[tuple[Build, Build]]]  # by the site's name


@pytest.fixture(scope="session")
def builds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builds]:
    """The builds of all sites, one after the other, while the stage starts and tests run."""
    folder = tmp_path_factory.mktemp("sites")
    with ThreadPoolExecutor(max_workers=1) as pool:
        yield {site.name: pool.submit(old_and_new, site, folder) for site in SITES}
        pool.shutdown(cancel_futures=True)


@pytest.fixture(scope="module", params=SITES, ids=lambda site: site.name)
def walk(request: pytest.FixtureRequest, builds: Builds, stage: Stage) -> Walk:
    site: Site = request.param
    walk = Walk(stage, site, *builds[site.name].result())
    walk.deploy(walk.old)
    return walk


def test_every_page_can_be_opened_by_its_address(walk: Walk, viewer: Viewer) -> None:
    for address, heading in walk.site.headings.items():
        tab = walk.open(viewer, address)
        tab.wait_for_heading(heading)
        assert tab.steps[-1][0] == 200
        assert (tab.text("version"), tab.wrong) == (walk.old.version, [])


def test_a_link_shows_the_next_page_without_loading_the_site_anew(
    walk: Walk, viewer: Viewer
) -> None:
    tab = walk.open(viewer, "/")
    tab.page.evaluate("window.stayed = true")
    tab.follow_link_to(walk.site.guide)
    tab.wait_for_heading("Guide")
    tab.page.go_back()
    tab.wait_for_heading("Home")
    assert tab.page.evaluate("window.stayed") is True
    assert (tab.steps, tab.wrong) == ([(200, "/")], [])


def test_an_address_that_is_not_there_gets_what_the_site_says_of_it(
    walk: Walk, viewer: Viewer
) -> None:
    status, heading = walk.site.missing
    tab = walk.open(viewer, "/not/there")
    tab.wait_for_heading(heading)
    assert tab.steps == [(status, "/not/there")]
    assert tab.wrong == ([] if status == 200 else ["404 /not/there"])


def test_a_script_that_is_not_there_is_a_404(walk: Walk, viewer: Viewer) -> None:
    tab = walk.open(viewer, "/")
    path = f"{walk.site.assets}gone-C29wSavj.js"
    imported = "path => import(path).then(() => 'there', () => 'not there')"
    assert tab.page.evaluate(imported, path) == "not there"
    assert tab.statuses[path] == 404


def test_redirects_lead_where_the_file_says(walk: Walk, viewer: Viewer) -> None:
    for address, steps in walk.site.redirects.items():
        tab = walk.open(viewer, address)
        assert (tab.steps, tab.wrong) == (steps, [])
        tab.wait_for_heading(walk.site.headings[steps[-1][1]])


def test_headers_are_as_the_file_says_and_assets_are_kept_for_ever(
    walk: Walk, viewer: Viewer
) -> None:
    tab = walk.open(viewer, "/")
    assert {headers["x-site"] for headers in tab.headers.values()} == {walk.site.name}
    assert "immutable" not in tab.headers["/"]["cache-control"]
    kept = {path for path in tab.headers if "immutable" in tab.headers[path]["cache-control"]}
    assert kept == {path for path in tab.headers if path.startswith(walk.site.assets)} != set()


def test_a_preview_is_seen_by_who_asks_for_it_and_until_they_end_it(
    walk: Walk, viewer: Viewer, other_viewer: Viewer
) -> None:
    guide = walk.site.guide
    number = walk.deploy(walk.new, "staging")
    for preview in ("staging", f"v{number}"):
        tab = walk.open(viewer, f"{guide}?decant={preview}")
        assert "decant" not in tab.page.url
        assert_shows(tab, walk.new, indexed=False)
        tab.follow_link_to("/")
        tab.press_load()
        assert (tab.text("lazy"), tab.wrong) == (walk.new.version, [])
        assert_shows(walk.open(other_viewer, guide), walk.old, indexed=True)
        tab.open(f"{guide}?decant=off")
        assert_shows(tab, walk.old, indexed=True)
        assert_shows(walk.open(viewer, guide), walk.old, indexed=True)


def test_a_page_that_is_open_while_the_next_version_goes_live_finds_its_chunks(
    walk: Walk, viewer: Viewer
) -> None:
    tab = walk.open(viewer, "/")
    assert tab.text("version") == walk.old.version
    loaded = set(tab.statuses)
    walk.deploy(walk.new)
    tab.press_load()
    assert tab.text("lazy") == walk.old.version
    tab.follow_link_to(walk.site.guide)
    tab.wait_for_heading("Guide")
    shown = walk.old if walk.site.links_keep_version else walk.new
    assert (tab.text("version"), tab.wrong) == (shown.version, [])
    scripts = {path[1:] for path in tab.statuses.keys() - loaded if path.endswith(".js")}
    assert scripts & walk.old.files.keys() - walk.new.files.keys()  # it needed some


def assert_shows(tab: Tab, build: Build, *, indexed: bool) -> None:
    """The guide of `build`, which search engines may index or not."""
    tab.wait_for_heading("Guide")
    assert (tab.text("version"), tab.wrong) == (build.version, [])
    status, path = tab.steps[-1]
    assert (status, tab.headers[path].get("x-robots-tag")) == (200, None if indexed else "noindex")
