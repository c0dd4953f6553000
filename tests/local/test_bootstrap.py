"""Setting a stage up, again and again, beside another one, and when it goes wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import urllib3

from decant.chalice_stage import deployed_path
from decant.local.process import LocalAws
from edge.template import edge_template
from stacks.deploy import StackFailed, Stacks
from stacks.model import Stack, Step
from tests.local.hands import Hands
from tests.local.stage import Stage

MB = 1024 * 1024
MAX_PACKAGE_BYTES = 1 * MB  # 90 KB today: what every cold start loads
MAX_LAYER_BYTES = 120 * MB  # unpacked; Lambda's limit is 250 MB, package included
FUNCTIONS = ("on_upload", "plan", "copy", "finish", "activate", "prune", "fail")


@pytest.fixture(scope="module")
def other(local_aws: LocalAws, stage: Stage) -> Stage:
    """A second stage of the same account, set up from the same folder."""
    return Stage(local_aws, "other", stage.project)


def stack_events(stage: Stage) -> list[str]:
    client = stage.client("cloudformation")
    return [
        event["EventId"]
        for part in ("edge", "pipeline")
        for event in client.describe_stack_events(StackName=f"decant-{stage.profile.stage}-{part}")[
            "StackEvents"
        ]
    ]


def functions(stage: Stage) -> dict[str, Any]:
    """Each function's configuration, by Chalice's name of it."""
    prefix = f"decant-{stage.profile.stage}"
    client = stage.client("lambda")
    names = {name: f"{prefix}-{name}" for name in FUNCTIONS} | {"api_handler": prefix}
    return {
        name: client.get_function_configuration(FunctionName=full) for name, full in names.items()
    }


def code_of(stage: Stage) -> dict[str, tuple[str, str]]:
    return {n: (f["CodeSha256"], f["LastModified"]) for n, f in functions(stage).items()}


def apis(stage: Stage) -> list[str]:
    return sorted(api["id"] for api in stage.client("apigateway").get_rest_apis()["items"])


@contextmanager
def changed_source(project: Path) -> Iterator[None]:
    """Inside, one file that is deployed has one line more."""
    path = project / "chalicelib" / "ids.py"
    text = path.read_text()
    path.write_text(f"{text}# {uuid4()}\n")
    try:
        yield
    finally:
        path.write_text(text)


# Again ---------------------------------------------------------------------------------------


def test_a_rerun_changes_nothing_and_does_not_run_chalice(stage: Stage) -> None:
    steps, events, code, known = len(stage.steps), stack_events(stage), code_of(stage), apis(stage)
    assert stage.bootstrap().changed == ()
    assert stage.steps[steps:] == []
    assert (stack_events(stage), code_of(stage), apis(stage)) == (events, code, known)


def test_a_changed_source_file_deploys_the_app_again_and_nothing_else(other: Stage) -> None:
    events, code, known = stack_events(other), code_of(other), apis(other)
    with changed_source(other.project):
        steps = len(other.steps)
        assert other.bootstrap().changed == ("app",)
        assert {step.stack for step in other.steps[steps:]} == {"chalice deploy"}
        assert other.bootstrap().changed == ()
    assert (stack_events(other), apis(other)) == (events, known)
    after = code_of(other)
    assert all(after[name][0] != code[name][0] for name in code)


def test_the_record_of_what_chalice_deployed_is_restored_so_that_no_second_api_is_made(
    other: Stage,
) -> None:
    address, known = other.bootstrap().api_url, apis(other)
    path = deployed_path(other.project, "other")
    deployed = path.read_text()
    path.unlink()
    assert other.bootstrap().changed == ()
    assert json.loads(path.read_text()) == json.loads(deployed)
    path.write_text(deployed.replace('"rest_api_id": "', '"rest_api_id": "elsewhere'))
    with changed_source(other.project):  # now Chalice runs, and must find its own
        result = other.bootstrap()
    assert (result.changed, result.api_url, apis(other)) == (("app",), address, known)


def test_a_bare_chalice_deploy_works_afterwards(other: Stage) -> None:
    address, known = other.bootstrap().api_url, apis(other)
    profile = other.profile
    environment = {
        "AWS_DEFAULT_REGION": profile.region,
        "AWS_ENDPOINT_URL": profile.endpoint_url or "",
        "AWS_ACCESS_KEY_ID": profile.access_key_id or "",
        "AWS_SECRET_ACCESS_KEY": profile.secret_access_key or "",
    }
    chalice = Path(sys.executable).with_name("chalice")
    run = subprocess.run(
        [chalice, "deploy", "--stage", "other"],
        cwd=other.project,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert apis(other) == known
    assert address.split(".")[0].removeprefix("http://") in run.stdout  # the same API's id
    result = other.bootstrap()
    assert (result.changed, result.api_url) == ((), address)


# When it goes wrong --------------------------------------------------------------------------


def broken_stack() -> Stack:
    """The edge stack's bucket and table, and after them a pipeline that has one stage only."""
    edge = edge_template()
    kept = {name: edge["Resources"][name] for name in ("ArtifactBucket", "Table")}
    pipeline = {
        "Type": "AWS::CodePipeline::Pipeline",
        "DependsOn": list(kept),
        "Properties": {
            "Name": "broken",
            "RoleArn": "arn:aws:iam::000000000000:role/nobody",
            "ArtifactStore": {"Type": "S3", "Location": "nowhere"},
            "Stages": [{"Name": "Alone", "Actions": []}],
        },
    }
    template = {
        "Parameters": {"Stage": {"Type": "String"}},
        "Resources": kept | {"Broken": pipeline},
    }
    return Stack("decant-broken", template, {"Stage": "broken"})


def test_a_stack_that_fails_names_the_first_failing_resource_and_the_next_attempt_what_to_do(
    stage: Stage,
) -> None:
    client = stage.client("cloudformation")
    stacks = Stacks(client, sleep=lambda _: time.sleep(0.05), token=lambda: uuid4().hex)
    steps: list[Step] = []
    for _ in range(2):  # what it says to do is enough: nothing that is left stands in the way
        with pytest.raises(StackFailed, match=r"^decant-broken failed at Broken: .+ stage"):
            stacks.deploy(broken_stack(), steps.append)
        assert ("Broken", "CREATE_FAILED") in {(step.resource, step.status) for step in steps}
        with pytest.raises(StackFailed, match=r"delete that stack .+, then run this again"):
            stacks.deploy(broken_stack(), steps.append)
        client.delete_stack(StackName="decant-broken")
        client.get_waiter("stack_delete_complete").wait(
            StackName="decant-broken", WaiterConfig={"Delay": 1}
        )
    buckets = {bucket["Name"] for bucket in stage.client("s3").list_buckets()["Buckets"]}
    assert not {name for name in buckets if name.startswith("decant-broken")}


# What is deployed ----------------------------------------------------------------------------


def test_packages_are_small(stage: Stage) -> None:
    sizes = {name: function["CodeSize"] for name, function in functions(stage).items()}
    assert max(sizes.values()) < MAX_PACKAGE_BYTES, sizes
    (layer,) = (stage.project / ".chalice" / "deployments").glob("managed-layer-*.zip")
    with zipfile.ZipFile(layer) as archive:
        unpacked = sum(entry.file_size for entry in archive.infolist())
    print(f"packages {max(sizes.values()):,} bytes, layer {unpacked:,} unpacked")  # noqa: T201 figures
    assert unpacked < MAX_LAYER_BYTES
    layers = {name: len(function["Layers"]) for name, function in functions(stage).items()}
    assert set(layers.values()) == {1}, layers


def test_each_function_has_a_role_of_its_own_and_the_memory_and_time_it_needs(
    stage: Stage,
) -> None:
    base = json.loads((stage.project / ".chalice" / "base.json").read_text())
    found = functions(stage)
    assert found.keys() == base["lambda_functions"].keys()
    for name, settings in base["lambda_functions"].items():
        function = found[name]
        wanted = (settings["lambda_memory_size"], settings["lambda_timeout"])
        assert (function["MemorySize"], function["Timeout"]) == wanted, name
    assert len({function["Role"] for function in found.values()}) == len(found)
    assert all("decant-test-edge" in function["Role"] for function in found.values())


@pytest.mark.parametrize("name", ["source", "artifact", "hosting"])
def test_a_bucket_is_private_encrypted_and_reached_by_tls_only(stage: Stage, name: str) -> None:
    s3, bucket = stage.client("s3"), stage.bucket[name]
    blocks = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert set(blocks.values()) == {True}
    assert len(blocks) == 4
    rules = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    policy = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
    tls = next(s for s in policy["Statement"] if s["Sid"] == "TlsOnly")
    arn = f"arn:aws:s3:::{bucket}"
    assert (tls["Effect"], tls["Principal"], tls["Action"]) == ("Deny", "*", "s3:*")
    assert tls["Resource"] == [arn, f"{arn}/*"]
    condition = tls["Condition"]["Bool"]["aws:SecureTransport"]
    assert str(condition).lower() == "false"
    owner = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
    assert owner == [{"ObjectOwnership": "BucketOwnerEnforced"}]


def test_the_source_bucket_keeps_versions_and_sends_events(stage: Stage) -> None:
    s3, bucket = stage.client("s3"), stage.bucket["source"]
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    notifications = s3.get_bucket_notification_configuration(Bucket=bucket)
    assert "EventBridgeConfiguration" in notifications


# Two stages ----------------------------------------------------------------------------------


def test_two_stages_in_one_account_do_not_touch_one_another(
    stage: Stage, hands: Hands, other: Stage
) -> None:
    uploaded = stage.upload({"index.html": "of test"})
    assert stage.follow(uploaded).status == "live"
    hands.settle(uploaded)
    kept = hands.kept()
    assert other.deploy({"index.html": "of other"}).status == "live"
    assert hands.kept() == kept
    assert stage.get("/").data == b"of test"
    assert at_distribution(stage, stage).data == b"of test"
    assert at_distribution(stage, other).data == b"of other"
    assert stage.bootstrap().changed == ()
    settings = json.loads((stage.project / ".chalice" / "config.json").read_text())["stages"]
    assert {"test", "other"} <= settings.keys()
    assert set(stage.bucket.values()).isdisjoint(other.bucket.values())
    assert roles(stage).isdisjoint(roles(other))


def roles(stage: Stage) -> set[str]:
    return {function["Role"] for function in functions(stage).values()}


def at_distribution(stage: Stage, of: Stage) -> urllib3.BaseHTTPResponse:
    """What the distribution of the stage `of` answers, asked for by its id."""
    outputs: Mapping[str, str] = {
        o["OutputKey"]: o["OutputValue"]
        for o in of.client("cloudformation").describe_stacks(
            StackName=f"decant-{of.profile.stage}-edge"
        )["Stacks"][0]["Outputs"]
    }
    host = f"{outputs['DistributionId'].lower()}.localhost:{stage.local.record.site_port}"
    return stage.get("/", headers={"Host": host})
