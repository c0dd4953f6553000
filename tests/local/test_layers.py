"""Layers on local AWS, with IAM enforced: what a deploy stores, carries and shows, and the admin
API's diff, repair and prune."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from decant.answers import DeploymentAnswer
from tests.local.hands import Hands
from tests.local.stage import Stage

STYLE, OLD, NEW = "assets/style.0a1b2c3d.css", "assets/app.1a2b3c4d.js", "assets/app.5e6f7a8b.js"
MISS = "<!doctype html><p>not here</p>"
FIRST = {"index.html": "layers one", STYLE: "css", OLD: "old", "404.html": MISS, "gone.html": "1"}
SECOND = {"index.html": "layers two", STYLE: "css", NEW: "new", "404.html": MISS}


class Deployed:
    """Production with two versions that share some files."""

    def __init__(self, stage: Stage, hands: Hands) -> None:
        self.stage, self.hands = stage, hands
        self.first = stage.deploy(FIRST)
        self.second = stage.deploy(SECOND)

    def layer(self, deployment: DeploymentAnswer) -> set[str]:
        start = f"v{deployment.version}/"
        return {key.removeprefix(start) for key in self.hands.objects("hosting", start)}


@pytest.fixture(scope="module")
def deployed(stage: Stage, hands: Hands) -> Deployed:
    return Deployed(stage, hands)


def test_the_second_deploy_stored_only_what_changed(deployed: Deployed) -> None:
    assert deployed.layer(deployed.second) == {"index.html", NEW}
    told = deployed.second
    assert (told.stored_files, told.stored_bytes) == (2, 13)
    assert (told.carried_files or 0) >= 1  # and what other tests had live a moment ago


def test_viewers_get_the_second_version_whole_and_what_open_pages_name(deployed: Deployed) -> None:
    get = deployed.stage.get
    assert [get(path).data for path in ("/", f"/{STYLE}", f"/{NEW}")] == [
        b"layers two",
        b"css",
        b"new",
    ]
    assert get(f"/{OLD}").data == b"old"


@pytest.mark.parametrize("path", ["/gone", "/gone.html", "/nothing/at/all", "/assets/app.js"])
def test_what_the_version_lacks_is_a_404_with_its_own_page(deployed: Deployed, path: str) -> None:
    answer = deployed.stage.get(path)
    assert (answer.status, answer.data) == (404, MISS.encode())
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


def test_after_a_rollback_open_pages_find_their_files(deployed: Deployed) -> None:
    stage = deployed.stage
    stage.api.rollback("production", deployed.second.version or 0)
    try:
        assert stage.get("/").data == b"layers one"
        assert stage.get(f"/{NEW}").data == b"new"
        assert stage.get("/gone").data == b"1"
    finally:
        stage.api.switch("production", deployed.second.version or 0, None)


def test_an_evicted_table_comes_back_with_a_switch(deployed: Deployed) -> None:
    number = deployed.first.version or 0
    for key in (f"v/{number}", f"t/{number}/0"):
        deployed.hands.put_store(key, None)
    deployed.stage.api.switch("production", number, None)
    try:
        assert deployed.stage.get("/").data == b"layers one"
    finally:
        deployed.stage.api.switch("production", deployed.second.version or 0, None)


def test_diff_tells_what_differs(deployed: Deployed) -> None:
    first, second = deployed.first.version or 0, deployed.second.version or 0
    found = deployed.stage.api.diff(first, second, None)
    assert (found.added.files, found.changed.files, found.removed.files) == (1, 1, 2)
    assert [(one.path, one.change) for one in found.files] == [
        (OLD, "removed"),
        (NEW, "added"),
        ("gone.html", "removed"),
        ("index.html", "changed"),
    ]


@pytest.mark.parametrize(
    "harm",
    [
        lambda hands: hands.put_store("a/production", None),
        lambda hands: hands.put_store("a/production", "{}"),
        lambda hands: hands.put_store("a/nobody", "{}"),
    ],
)
def test_repair_heals_the_store(deployed: Deployed, harm: Callable[[Hands], None]) -> None:
    before = deployed.hands.store()
    harm(deployed.hands)
    report = deployed.stage.api.repair()
    assert len(report.repaired) == 1
    assert deployed.hands.store() == before
    assert deployed.stage.api.repair().repaired == ()


def test_prune_finds_nothing_within_the_grace(deployed: Deployed) -> None:
    assert deployed.stage.api.prunable().versions == ()
    assert not deployed.stage.api.prune().running
