"""Pages that are open while the site changes, in Chromium, on a site that Vite has built.

Each test that needs a file of another version has builds of its own: no version that an earlier
test left can help it.
"""

from __future__ import annotations

from functools import partial

import pytest

from tests.browser.site import Build, Builder
from tests.browser.viewer import Tab, Viewer, Whole
from tests.local.stage import Stage

pytestmark = pytest.mark.browser

SWITCHES = 6


def deploy(stage: Stage, build: Build) -> int:
    """Deploy a build; returns its version number."""
    done = stage.deploy(build.files)
    assert (done.status, done.reason) == ("live", None)
    assert done.version is not None
    return done.version


def test_two_builds_share_all_but_the_home_page_and_its_chunks(builder: Builder) -> None:
    first, second = builder.build("open: old"), builder.build("open: new")
    own = {"index.html", *(first.files.keys() - second.files.keys())}
    assert first.asset("lazy") in own
    assert second.asset("lazy") not in first.files
    assert len(own) == 3  # and the home page's own script, which has the lazy chunk's name in it
    same = {path for path, content in first.files.items() if second.files.get(path) == content}
    assert same == first.files.keys() - own
    assert same >= {"about/index.html", first.asset("shared"), first.asset("logo")}


def test_a_page_that_is_open_while_the_next_version_goes_live_still_loads_its_chunk(
    stage: Stage, builder: Builder, viewer: Viewer
) -> None:
    old, new = builder.build("open: old"), builder.build("open: new")
    assert old.asset("lazy") not in new.files
    deploy(stage, old)
    tab = viewer.open("/")
    deploy(stage, new)
    assert_shows_whole(viewer.open("/"), new)
    assert_loads_the_rest(tab, old)
    tab.follow_link_to("/about/")
    assert (tab.text("shared"), tab.wrong) == ("shared code ran", [])


def test_a_page_that_is_open_during_a_rollback_still_loads_its_chunk(
    stage: Stage, builder: Builder, viewer: Viewer
) -> None:
    old, new = builder.build("rollback: old"), builder.build("rollback: new")
    assert new.asset("lazy") not in old.files
    deploy(stage, old)
    number = deploy(stage, new)
    tab = viewer.open("/")
    assert stage.api.rollback("production", number).changed
    assert_shows_whole(viewer.open("/"), old)
    assert_loads_the_rest(tab, new)


def test_every_page_view_after_a_switch_is_of_that_version_whole(
    stage: Stage, builder: Builder, viewer: Viewer
) -> None:
    builds = {
        deploy(stage, build): build
        for build in (builder.build("open: old"), builder.build("open: new"))
    }
    tab = viewer.tab()
    tab.keep_nothing()
    for number in list(builds) * (SWITCHES // 2):
        stage.api.switch("production", number, None)
        tab.open("/")
        assert_shows_whole(tab, builds[number])
        assert set(tab.statuses.values()) == {200}


def test_a_page_view_with_a_switch_in_its_middle_is_of_one_version_whole(
    stage: Stage, builder: Builder, viewer: Viewer
) -> None:
    old, new = builder.build("middle: old"), builder.build("middle: new")
    numbers = {build.version: deploy(stage, build) for build in (old, new)}
    tab = viewer.tab()
    tab.keep_nothing()
    shown, other = new, old
    for _ in range(SWITCHES):
        assert shown.asset("home") not in other.files
        switch = partial(stage.api.switch, "production", numbers[other.version], None)
        tab.before(f"/{shown.asset('home')}", switch)
        tab.open("/")
        assert stage.get("/").data == other.files["index.html"]  # it was switched
        assert_shows_whole(tab, shown)
        assert set(tab.statuses.values()) == {200}
        shown, other = other, shown


def assert_loads_the_rest(tab: Tab, build: Build) -> None:
    assert tab.wrong == []
    tab.press_load()
    assert tab.wrong == []
    assert tab.text("lazy") == build.version


def assert_shows_whole(tab: Tab, build: Build) -> None:
    assert_loads_the_rest(tab, build)
    assert tab.whole() == Whole.of(build.version)
