"""Canaries and passwords, on an account in memory: who gets what, which files open pages find, and
what is kept, by the real stages and the shipped router (tests/unit/world)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from chalicelib.errors import Conflict, InvalidRequest, NotFound
from chalicelib.records import Alias, Canary
from chalicelib.repair import Repair
from tests.unit.world.account import Account
from tests.unit.world.driver import Driver, Files
from tests.unit.world.seen import kept, look
from tests.unit.world.viewer import FIRST, LAST, Viewer

LIVE = "production"
SECRET = "correct-horse-1"


class Site:
    """Deploys to one account and looks at it."""

    def __init__(self) -> None:
        self.account = Account()
        self.admin = self.account.admin
        self._driver = Driver(self.account)

    def deploy(self, text: str, alias: str = LIVE) -> int:
        """Deploy a page with `text` and a chunk of its own, a second after the last one."""
        self.account.clock.pass_time(timedelta(seconds=1))
        uploaded = self._driver.upload(alias, site_of(text))
        assert self._driver.deliver(uploaded).well
        run = self._driver.runs[uploaded.deployment_id]
        while run.task:
            outcome = self._driver.step(run)
            assert outcome.well, outcome
        return max(look(self.account).versions)

    def start(self, number: int, percent: int = 10, alias: str = LIVE) -> bool:
        return self.admin.start_canary(alias, number, percent, by="ana")[1]

    def end(self) -> bool:
        return self.admin.end_canary(LIVE, by="ana")[1]

    def alias(self, name: str = LIVE) -> Alias:
        found = self.account.records.alias(name)
        assert found is not None
        return found

    def body(self, path: str, group: int, alias: str = LIVE) -> bytes | None:
        view = Viewer(self.account).get(alias, path, group)
        return view.body if view.status == 200 else None

    def pages(self) -> tuple[bytes | None, bytes | None]:
        """What the first and the last group of viewers see."""
        return self.body("index.html", FIRST), self.body("index.html", LAST)

    def has_chunks_of(self, *texts: str) -> bool:
        """Whether all viewers find the chunks of these."""
        found = [self.body(chunk_of(t), group) for t in texts for group in (FIRST, LAST)]
        return found == [t.encode() for t in texts for _ in (FIRST, LAST)]


def chunk_of(text: str) -> str:
    return f"assets/{text}.0a1b2c3d.js"


def site_of(text: str) -> Files:
    return {"index.html": text.encode(), chunk_of(text): text.encode()}


@pytest.fixture
def site() -> Iterator[Site]:
    """A site with `one` live and `two` for a look."""
    made = Site()
    assert (made.deploy("one"), made.deploy("two", "staging")) == (1, 2)
    yield made
    made.account.close()


# Canaries -------------------------------------------------------------------------------------


def test_some_viewers_get_the_canary_until_it_ends(site: Site) -> None:
    assert site.pages() == (b"one", b"one")
    assert site.start(2)
    assert site.pages() == (b"two", b"one")
    assert site.has_chunks_of("one", "two")
    assert site.end()
    assert site.pages() == (b"one", b"one")
    assert site.has_chunks_of("one", "two")


def test_a_canary_that_becomes_what_all_get_is_over(site: Site) -> None:
    site.start(2, 99)
    site.admin.switch(LIVE, 2, lock=None, by="ana")
    assert site.pages() == (b"two", b"two")
    assert site.alias().canary is None
    assert site.has_chunks_of("one", "two")


def test_an_upload_ends_the_canary_and_carries_its_files(site: Site) -> None:
    site.start(2)
    assert site.deploy("three") == 3
    assert site.pages() == (b"three", b"three")
    assert site.account.records.version(3).carries == (1, 2)
    assert site.alias().fallback is None  # it has everything itself
    assert site.has_chunks_of("one", "two", "three")


def test_a_rollback_ends_the_canary_and_loses_no_open_page(site: Site) -> None:
    site.deploy("three")
    site.start(2)
    site.admin.rollback(LIVE, leaving=None, by="ana")
    assert site.pages() == (b"one", b"one")
    assert {left.version for left in site.alias().left} == {2, 3}


def test_an_older_version_as_canary_finds_what_is_open_of_all_others(site: Site) -> None:
    site.deploy("three")
    site.deploy("four")
    site.admin.rollback(LIVE, leaving=None, by="ana")
    site.start(1)
    assert site.pages() == (b"one", b"three")
    assert site.has_chunks_of("one", "three", "four")


def test_a_canary_that_ended_long_ago_is_forgotten(site: Site) -> None:
    site.start(2)
    site.end()
    site.account.clock.pass_time(timedelta(days=8))
    site.deploy("three")
    assert site.body(chunk_of("two"), LAST) is None


def test_a_canary_is_kept_and_so_is_what_was_one_for_the_grace(site: Site) -> None:
    site.start(2)
    for number in range(3, 7):
        site.deploy(f"more{number}", "staging")
        site.account.clock.pass_time(timedelta(hours=25))
        site.account.prune()
    assert site.account.records.version(2).status == "ready"
    site.end()
    # Nothing else keeps it now: neither the newest two of its alias, nor the fallback.
    site.admin.switch(LIVE, 6, lock=None, by="ana")
    site.account.clock.pass_time(timedelta(hours=23))
    site.account.prune()
    assert site.account.records.version(2).status == "ready"
    site.account.clock.pass_time(timedelta(days=8))
    site.admin.switch(LIVE, 1, lock=None, by="ana")
    site.account.prune()
    assert site.account.records.version(2).status == "pruned"


def test_the_store_is_made_anew_with_the_canary(site: Site) -> None:
    site.start(2)
    before = dict(site.account.kvs.items)
    site.account.kvs.items = {}
    account = site.account
    repair = Repair(account.records, account.store, account.pointing, clock=lambda: 0.0)
    repair()
    assert account.kvs.items == before


def test_a_canary_again_or_ended_again_changes_nothing(site: Site) -> None:
    site.start(2)
    once = kept(site.account)
    assert not site.start(2)
    assert kept(site.account) == once
    site.end()
    once = kept(site.account)
    assert not site.end()
    assert kept(site.account) == once


def test_only_a_ready_version_of_an_alias_that_exists_can_be_tried(site: Site) -> None:
    before = kept(site.account)
    with pytest.raises(NotFound, match="There is no version v9"):
        site.start(9)
    with pytest.raises(NotFound, match="There is no alias nobody"):
        site.start(2, alias="nobody")
    with pytest.raises(Conflict, match="points at v1"):
        site.start(1)
    with pytest.raises(InvalidRequest, match="use 1 to 99"):
        site.start(2, 100)
    with pytest.raises(InvalidRequest, match="cannot name an alias"):
        site.start(2, alias="No Name")
    assert kept(site.account) == before


def test_the_log_says_who_tried_what(site: Site) -> None:
    site.start(2, 10)
    site.start(2, 50)
    site.end()
    log = look(site.account).audit[LIVE][1:]
    assert [(one.action, one.by, one.canary, one.ended) for one in log] == [
        ("canary", "ana", Canary(2, 10), None),
        ("canary", "ana", Canary(2, 50), None),
        ("canary", "ana", None, 2),
    ]


# Passwords ------------------------------------------------------------------------------------


def test_a_password_shuts_the_alias_until_it_is_removed_and_is_kept_nowhere(site: Site) -> None:
    view = Viewer(site.account)
    _, changed = site.admin.set_password("staging", SECRET, by="ana")
    assert changed
    assert view.get("staging", "index.html").status == 401
    assert view.get(LIVE, "index.html").status == 200
    assert SECRET not in repr(kept(site.account))
    assert not site.admin.set_password("staging", SECRET, by="ana")[1]
    site.deploy("three", "staging")
    assert view.get("staging", "index.html").status == 401
    assert site.admin.remove_password("staging", by="ana")[1]
    assert view.get("staging", "index.html").body == b"three"


def test_a_password_that_cannot_be_used_changes_nothing(site: Site) -> None:
    before = kept(site.account)
    with pytest.raises(InvalidRequest, match="take 12 to 128"):
        site.admin.set_password("staging", "short", by="ana")
    with pytest.raises(NotFound):
        site.admin.set_password("nobody", SECRET, by="ana")
    assert kept(site.account) == before
