"""A deployment that fails, wherever it fails, leaves what viewers get byte for byte as it was, says
why on its record in a sentence a person can act on, and does not stand in the next one's way."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import pytest

from decant.answers import DeploymentAnswer
from tests.local.hands import Hands
from tests.local.stage import Stage, Uploaded
from tests.zips import Member, forge

SITE: Mapping[str, str | bytes] = {
    "index.html": "<p>good",
    "about/index.html": "<p>about",
    "app.0a1b2c3d.js": "let good = true",
    "404.html": "<p>not here",
}
PATHS = ("/", "/about/", "/app.0a1b2c3d.js", "/missing", "/new.html")
KEY = "production/site.zip"
VOLATILE = frozenset({"date", "via", "x-amz-request-id", "x-amz-id-2", "x-amz-cf-id", "age"})


@dataclass(frozen=True)
class Seen:
    """What a viewer gets at each of `PATHS`: status, headers, body; and the edge's entry."""

    pages: tuple[tuple[int, tuple[tuple[str, str], ...], bytes], ...]
    entry: str


class Viewers:
    """Looks at the edge before and after a failure."""

    def __init__(self, stage: Stage, hands: Hands) -> None:
        self._stage = stage
        self._hands = hands

    def look(self) -> Seen:
        pages = []
        for path in PATHS:
            answer = self._stage.get(path)
            headers = {k.lower(): v for k, v in answer.headers.items()}
            kept = tuple(sorted((k, v) for k, v in headers.items() if k not in VOLATILE))
            pages.append((answer.status, kept, answer.data))
        return Seen(tuple(pages), self._hands.store()["a/production"])


@pytest.fixture
def failing(stage: Stage, hands: Hands) -> Iterator[Callable[[Uploaded], DeploymentAnswer]]:
    """Follows a deployment to its failure; then viewers must get what they got before, and a good
    upload must work again."""
    assert stage.deploy(SITE, KEY).status == "live"
    viewers = Viewers(stage, hands)
    before = viewers.look()

    def follow(uploaded: Uploaded) -> DeploymentAnswer:
        done = stage.follow(uploaded)
        assert done.status == "failed"
        version = next(v for v in stage.api.versions(10) if v.number == done.version)
        assert version.aliases == ()
        return done

    yield follow
    assert viewers.look() == before
    assert stage.deploy({"index.html": "works again"}, KEY).status == "live"
    assert stage.get("/").data == b"works again"


Failing = Callable[[Uploaded], DeploymentAnswer]


@pytest.mark.parametrize(
    ("member", "said"),
    [
        (Member("new.html", b"<p>new", crc32=1), "new.html"),
        (Member("new.html", b"<p>new", local_name=b"old.html"), "new.html"),
    ],
    ids=["wrong checksum", "local header of another file"],
)
def test_a_zip_that_is_corrupt_inside_fails_and_the_reason_names_the_entry(
    stage: Stage, failing: Failing, member: Member, said: str
) -> None:
    done = failing(stage.upload(forge([Member("index.html"), member]), KEY))
    assert said in (done.reason or "")
    assert_actionable(done)


def test_an_upload_deleted_before_the_pipeline_reads_it_fails(
    hands: Hands, failing: Failing
) -> None:
    uploaded = hands.hold({"index.html": "new"}, KEY)
    hands.delete_upload(uploaded)
    hands.release(uploaded)
    done = failing(uploaded)
    assert "action Source failed" in (done.reason or "")
    assert_actionable(done)


def test_an_upload_deleted_before_plan_reads_it_fails(hands: Hands, failing: Failing) -> None:
    uploaded = hands.hold({"index.html": "new"}, KEY)
    hands.delete_upload(uploaded)
    hands.start(uploaded)
    done = failing(uploaded)
    assert "was deleted before it was stored: upload it again." in (done.reason or "")


def test_an_upload_deleted_before_copy_reads_it_fails(hands: Hands, failing: Failing) -> None:
    uploaded = hands.hold({"index.html": "new"}, KEY)
    assert hands.run(uploaded, "plan").error is None
    hands.delete_upload(uploaded)
    outcome = hands.run(uploaded, "copy")
    assert outcome.error == "Missing"
    hands.fail(uploaded, outcome)
    assert "was deleted before it was stored: upload it again." in (failing(uploaded).reason or "")


def test_a_shard_without_its_paper_fails_before_it_is_live(hands: Hands, failing: Failing) -> None:
    uploaded = hands.hold({"index.html": "new"}, KEY)
    assert hands.run(uploaded, "plan", "copy").error is None
    hands.delete_object("artifact", f"deployments/{uploaded.deployment_id}/stored/00000.json")
    outcome = hands.run(uploaded, "finish")
    assert outcome.error == "VersionCorrupt"
    hands.fail(uploaded, outcome)
    assert failing(uploaded).reason == "Part 1 of the upload was not stored: upload it again."
    assert hands.run(uploaded, "activate").error == "VersionCorrupt"


@pytest.mark.parametrize("harm", ["deleted", "cut"])
def test_a_layer_that_is_not_what_the_zip_holds_fails_before_it_is_live(
    stage: Stage, hands: Hands, failing: Failing, harm: str
) -> None:
    uploaded = hands.hold({"index.html": "new", "new.html": "<p>new"}, KEY)
    assert hands.run(uploaded, "plan", "copy").error is None
    layer = f"v{stage.api.deployment(uploaded.deployment_id).version}/"
    if harm == "deleted":
        hands.delete_object("hosting", f"{layer}new.html")
    else:
        hands.put_object("hosting", f"{layer}new.html", b"<p>")
    outcome = hands.run(uploaded, "finish")
    assert outcome.error == "VersionCorrupt"
    hands.fail(uploaded, outcome)
    said = {
        "deleted": "new.html is missing",
        "cut": "new.html has 3 bytes instead of 6",
    }[harm]
    done = failing(uploaded)
    assert said in (done.reason or "")
    assert_actionable(done)
    assert hands.run(uploaded, "activate").error == "VersionCorrupt"


def test_what_the_zip_does_not_hold_cannot_be_reached_in_its_layer(
    stage: Stage, hands: Hands
) -> None:
    uploaded = hands.hold({"index.html": "<p>all there is"}, KEY)
    assert hands.run(uploaded, "plan", "copy").error is None
    layer = f"v{stage.api.deployment(uploaded.deployment_id).version}/"
    hands.put_object("hosting", f"{layer}added.html", b"<p>")
    assert hands.run(uploaded, "finish", "activate").error is None
    assert stage.get("/").data == b"<p>all there is"
    assert stage.get("/added.html").status == 404


def test_a_role_that_lost_a_permission_fails_and_the_reason_names_it(
    hands: Hands, failing: Failing
) -> None:
    uploaded = hands.hold({"index.html": "new"}, KEY)
    assert hands.run(uploaded, "plan").error is None
    with hands.denied("copy", "s3:PutObject"):
        outcome = hands.run(uploaded, "copy")
    assert outcome.error == "AccessDenied"
    hands.fail(uploaded, outcome)
    assert "may not call PutObject on object v" in (failing(uploaded).reason or "")


def test_a_failure_that_a_retry_overcomes_leaves_no_reason(stage: Stage, hands: Hands) -> None:
    uploaded = hands.hold({"index.html": "at the second try"}, KEY)
    with hands.denied("copy", "s3:PutObject"):
        assert hands.run(uploaded, "plan", "copy").error == "AccessDenied"
    assert hands.run(uploaded, "copy", "finish", "activate").error is None
    done = stage.api.deployment(uploaded.deployment_id)
    assert (done.status, done.reason) == ("live", None)
    assert stage.get("/").data == b"at the second try"


def test_an_edge_that_cannot_be_told_fails_and_the_reason_says_how_to_go_on(
    stage: Stage, hands: Hands
) -> None:
    assert stage.deploy(SITE, KEY).status == "live"
    before = Viewers(stage, hands).look()
    uploaded = hands.hold({"index.html": "new"}, KEY)
    with hands.denied("activate", "cloudfront-keyvaluestore:UpdateKeys"):
        outcome = hands.run(uploaded, "plan", "copy", "finish", "activate")
    hands.fail(uploaded, outcome)
    done = stage.follow(uploaded)
    assert done.status == "failed"
    assert f"run `decant switch v{done.version} --alias production`" in (done.reason or "")
    assert "UpdateKeys" in (done.reason or "")
    assert Viewers(stage, hands).look() == before
    stage.api.switch("production", done.version or 0, None)
    assert stage.get("/").data == b"new"


def test_a_state_machine_that_is_stopped_fails_its_deployment(
    stage: Stage, hands: Hands, failing: Failing
) -> None:
    with hands.denied("plan", "s3:GetObjectVersion"):  # retried for a minute
        uploaded = stage.upload({"index.html": "new"}, KEY)
        hands.stop_state_machine(uploaded)
        done = failing(uploaded)
    assert "action Deploy failed" in (done.reason or "")
    assert_actionable(done)


def test_an_event_of_a_pipeline_that_failed_is_no_error_when_the_deployment_has_ended(
    stage: Stage, hands: Hands
) -> None:
    uploaded = stage.upload({"index.html": "live"}, KEY)
    done = stage.follow(uploaded)
    hands.settle(uploaded)
    kept = hands.kept()
    detail = {
        "pipeline": f"decant-{stage.profile.stage}-release",
        "execution-id": done.pipeline_execution_id,
        "state": "FAILED",
    }
    assert hands.invoke("fail", {"source": "aws.codepipeline", "detail": detail}).error is None
    assert hands.kept() == kept


def assert_actionable(done: DeploymentAnswer) -> None:
    """The reason is one sentence that says what to do."""
    reason = done.reason or ""
    assert reason.endswith("."), reason
    assert re.search(r": (upload|zip) [^:]+\.$", reason), reason
    assert "\n" not in reason
