"""Uploads that cannot be deployed, on the real road; and keys that look as if they could not."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from chalicelib.errors import NotFound
from decant.answers import DeploymentAnswer
from tests.local.callers import output, send, store_entries, table_rows
from tests.local.plugin_server import client
from tests.local.stage import Stage, Uploaded, zip_of
from tests.zips import HOSTILE, SAYS

SITE = {"index.html": "<p>before", "app.js": "let x = 1", "guide/index.html": "<p>guide"}
LOOKS = ("/", "/app.js", "/guide", "/guide/", "/missing")
AT_ONCE = 2  # uploads; each keeps a Lambda worker of its own busy, and the first start it
GOOD = zip_of({"index.html": "good"})

# key of a good zip that cannot be deployed: words of the refusal
REFUSED_KEYS = {
    "production/site.txt": "not named like a zip",
    "production/site.zip.part": "not named like a zip",
    "production/zip": "not named like a zip",
    "Production/site.zip": "cannot name an alias",
    "pr_12/site.zip": "cannot name an alias",
    "-pr/site.zip": "cannot name an alias",
    "bücher/site.zip": "cannot name an alias",
    "a b/site.zip": "cannot name an alias",
    "a%2fb/site.zip": "cannot name an alias",
    "production/folder/site.zip": "cannot name an alias",
    "production//site.zip": "cannot name an alias",
    "../production/site.zip": "cannot name an alias",
    "x" * 64 + "/site.zip": "cannot name an alias",
    "a\tb/site.zip": "cannot name an alias",
}
MARKERS = ("production/", "folder/", "folder/marker.zip/")


@dataclass(frozen=True)
class Refusals:
    """What came of every upload, and the stage before and after."""

    ended: dict[str, DeploymentAnswer]  # by kind of zip, or key
    markers: tuple[Uploaded, ...]
    before: dict[str, object]
    after: dict[str, object]
    good: DeploymentAnswer
    last_version: int


def kept(stage: Stage) -> dict[str, object]:
    """What a refused upload must leave as it is."""
    objects = client(stage.local, "s3").get_paginator("list_objects_v2")
    return {
        "rows": table_rows(stage, "site", "versions", "aliases", "audit"),
        "store": store_entries(stage),
        "files": [
            (item["Key"], item["ETag"])
            for name in ("HostingBucket", "ArtifactBucket")
            for page in objects.paginate(Bucket=output(stage, name))
            for item in page.get("Contents", [])
        ],
        "views": [view(stage, path) for path in LOOKS],
        "executions": executions(stage),
    }


def executions(stage: Stage) -> list[str]:
    """Their ids; the last of them may still be pruning when its deployment has ended."""
    found = client(stage.local, "codepipeline").list_pipeline_executions(
        pipelineName=f"decant-{stage.profile.stage}-release"
    )
    return [item["pipelineExecutionId"] for item in found["pipelineExecutionSummaries"]]


def view(stage: Stage, path: str) -> object:
    """All that a viewer sees, but for what CloudFront makes up for each request."""
    port = stage.local.record.site_port
    answer = send(port, f"localhost:{port}", "GET", path, {})
    changing = ("via", "x-amz-cf-id", "date")
    headers = {name: value for name, value in answer.headers.items() if name not in changing}
    return path, answer.status, headers, answer.body


@pytest.fixture(scope="module")
def refusals(stage: Stage) -> Refusals:
    """Upload all of them at production, most of them at once."""
    before_version = stage.deploy(SITE).version or 0
    before = kept(stage)
    contents = {f"production/{n}.zip": zip_ for n, zip_ in enumerate(HOSTILE.values())}
    contents |= dict.fromkeys(REFUSED_KEYS, GOOD)
    markers = tuple(stage.upload(b"", key) for key in MARKERS)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = pool.map(lambda item: stage.deploy(item[1], item[0]), contents.items())
        ended = dict(zip([*HOSTILE, *REFUSED_KEYS], answers, strict=True))
    after = kept(stage)
    good = stage.deploy({"index.html": "<p>after"})
    return Refusals(ended, markers, before, after, good, before_version)


def assert_refused(ended: DeploymentAnswer, words: str) -> None:
    """Refused, without a version, for a reason that is one clear sentence."""
    assert (ended.status, ended.version) == ("refused", None)
    reason = ended.reason or ""
    assert words in reason
    assert reason.endswith(".")
    assert reason[0] == "'" or reason[0].isupper()
    assert reason.isprintable()
    assert len(reason) < 500
    assert not re.search(r"Error\b|Exception|Traceback|\bNone\b|<class|zipfile", reason)
    assert ended.pipeline_execution_id is None


@pytest.mark.parametrize("kind", HOSTILE)
def test_refuses_a_zip_that_cannot_be_a_site(refusals: Refusals, kind: str) -> None:
    assert_refused(refusals.ended[kind], SAYS[kind])
    assert refusals.ended[kind].alias == "production"


@pytest.mark.parametrize("key", REFUSED_KEYS)
def test_refuses_a_key_that_says_neither_alias_nor_zip(refusals: Refusals, key: str) -> None:
    assert_refused(refusals.ended[key], REFUSED_KEYS[key])
    assert refusals.ended[key].source.key == key


def test_a_folder_marker_is_no_upload(refusals: Refusals, stage: Stage) -> None:
    for marker in refusals.markers:
        with pytest.raises(NotFound):
            stage.api.deployment(marker.deployment_id)


@pytest.mark.parametrize("what", ["rows", "store", "files", "views", "executions"])
def test_a_refused_upload_leaves_everything_as_it_was(refusals: Refusals, what: str) -> None:
    assert refusals.after[what] == refusals.before[what]


def test_the_next_good_upload_gets_the_next_number(refusals: Refusals, stage: Stage) -> None:
    assert (refusals.good.status, refusals.good.version) == ("live", refusals.last_version + 1)
    numbers = [version.number for version in stage.api.versions(100)]
    assert numbers == list(range(len(numbers), 0, -1))


ODD_KEYS = {
    "my site (final).zip": "odd-spaces",
    "a+b=c&d;e,f.zip": "odd-signs",
    "100%.zip": "odd-percent",
    "%2e%2e%2fproduction%2fsite.zip": "odd-escapes",
    "Bücher-日本語-🚀.zip": "odd-unicode",
    "'quoted' \"twice\" #{x} ${y} {{z}}.ZIP": "odd-quotes",
    "x" * 885 + ".zip": "odd-long",
}


def test_a_key_with_odd_characters_is_deployed_like_any_other(stage: Stage) -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        ended = list(
            pool.map(
                lambda item: stage.deploy({"index.html": item[1]}, f"{item[1]}/{item[0]}"),
                ODD_KEYS.items(),
            )
        )
    assert [(d.status, d.reason) for d in ended] == [("live", None)] * len(ODD_KEYS)
    assert [d.source.key for d in ended] == [f"{a}/{k}" for k, a in ODD_KEYS.items()]
    assert [d.alias for d in ended] == list(ODD_KEYS.values())
    files = client(stage.local, "s3")
    for done in ended:
        stored = files.get_object(
            Bucket=output(stage, "HostingBucket"), Key=f"v{done.version}/index.html"
        )
        assert stored["Body"].read().decode() == done.alias


def test_a_key_without_a_folder_is_for_production(stage: Stage) -> None:
    done = stage.deploy({"index.html": "no folder"}, key="no folder.zip")
    assert (done.status, done.alias) == ("live", "production")
    assert stage.get("/").data == b"no folder"
