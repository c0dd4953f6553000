"""Addresses: the profile's come first, each stack is described once, errors say what to do."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from chalicelib.errors import AccessDenied, AwsError, Missing
from decant.connection import (
    Connection,
    StackOutputs,
    client_config,
    region_of_aws_settings,
    session_for,
)
from decant.profiles import StageProfile
from tests.unit.decant.http_fakes import Heard, Reply, serving

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

PROFILE = StageProfile(
    stage="prod", region="eu-central-1", access_key_id="AKID", secret_access_key="secret"
)


class FakeCloudFormation:
    """`describe_stacks` of prepared stacks, or an error of a code and sentence."""

    def __init__(self, outputs: dict[str, str], error: tuple[str, str] | None = None) -> None:
        self.outputs = outputs
        self.error = error
        self.asked: list[str] = []

    def describe_stacks(self, *, StackName: str) -> dict[str, Any]:  # noqa: N803 - boto3's name
        self.asked.append(StackName)
        if self.error:
            code, message = self.error
            raise ClientError({"Error": {"Code": code, "Message": message}}, "DescribeStacks")
        outputs = [{"OutputKey": key, "OutputValue": self.outputs[key]} for key in self.outputs]
        return {"Stacks": [{"Outputs": outputs}]}


def _outputs(fake: FakeCloudFormation) -> StackOutputs:
    return StackOutputs(lambda: cast("CloudFormationClient", fake), "prod")


def test_describes_a_stack_once_for_all_its_outputs() -> None:
    fake = FakeCloudFormation({"SiteUrl": "https://s", "SourceBucket": "b"})
    outputs = _outputs(fake)
    assert outputs.get("decant-prod-edge", "SiteUrl") == "https://s"
    assert outputs.get("decant-prod-edge", "SourceBucket") == "b"
    assert fake.asked == ["decant-prod-edge"]


def test_says_that_an_output_is_missing() -> None:
    with pytest.raises(Missing, match="stack decant-prod-edge has no output SiteUrl"):
        _outputs(FakeCloudFormation({})).get("decant-prod-edge", "SiteUrl")


def test_says_that_the_stage_was_never_made() -> None:
    error = ("ValidationError", "Stack with id decant-prod-edge does not exist")
    with pytest.raises(Missing, match="`decant bootstrap --stage prod` first"):
        _outputs(FakeCloudFormation({}, error)).get("decant-prod-edge", "SiteUrl")


def test_a_missing_permission_is_not_a_missing_stack() -> None:
    error = ("AccessDenied", "User u is not authorized")
    with pytest.raises(AccessDenied, match="may not call DescribeStacks on the stack decant-prod"):
        _outputs(FakeCloudFormation({}, error)).get("decant-prod-edge", "SiteUrl")


def test_asks_again_after_an_error() -> None:
    fake = FakeCloudFormation({"SiteUrl": "https://s"}, ("InternalError", "Try later"))
    outputs = _outputs(fake)
    with pytest.raises(AwsError, match="InternalError"):
        outputs.get("decant-prod-edge", "SiteUrl")
    fake.error = None
    assert outputs.get("decant-prod-edge", "SiteUrl") == "https://s"


def test_addresses_in_the_profile_need_no_stack() -> None:
    profile = PROFILE.model_copy(
        update={"site_url": "https://own.example", "api_url": "https://api.example/api/"}
    )
    connection = Connection(profile)
    assert connection.site_url() == "https://own.example"
    assert connection.api_url() == "https://api.example/api"


def test_addresses_come_from_the_two_stacks_of_the_stage() -> None:
    asked = []

    def answer(heard: Heard) -> Reply:
        fields = dict(pair.split("=") for pair in heard.body.decode().split("&"))
        asked.append(fields["StackName"])
        outputs = "".join(
            f"<member><OutputKey>{key}</OutputKey><OutputValue>{value}</OutputValue></member>"
            for key, value in (("SiteUrl", "https://s"), ("ApiUrl", "https://a/api/"))
        )
        text = (
            '<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">'
            f"<DescribeStacksResult><Stacks><member><Outputs>{outputs}</Outputs>"
            "</member></Stacks></DescribeStacksResult></DescribeStacksResponse>"
        )
        return Reply(200, text.encode(), {"Content-Type": "text/xml"})

    with serving(answer) as url:
        connection = Connection(PROFILE.model_copy(update={"endpoint_url": url}))
        assert connection.api_url() == connection.api_url() == "https://a/api"
        assert connection.site_url() == "https://s"
        with pytest.raises(Missing, match="no output SourceBucket"):
            connection.uploader()
    assert asked == ["decant-prod-pipeline", "decant-prod-edge"]


def test_a_request_to_the_admin_api_is_signed_with_the_profile_s_keys() -> None:
    heard: list[Heard] = []

    def answer(request: Heard) -> Reply:
        heard.append(request)
        return Reply(200, b'{"aliases": []}')

    with serving(answer) as url:
        local = url.replace("127.0.0.1", "abc123.execute-api.localhost")  # glibc does not know it
        connection = Connection(PROFILE.model_copy(update={"api_url": local}))
        assert connection.admin_api().aliases() == ()
    assert "Credential=AKID/" in heard[0].headers["authorization"]
    assert "/eu-central-1/execute-api/" in heard[0].headers["authorization"]
    assert heard[0].headers["host"].startswith("abc123.execute-api.localhost:")


def test_an_endpoint_that_nobody_serves_is_a_sentence() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        profile = PROFILE.model_copy(update={"endpoint_url": url})
        once = client_config(profile).merge(Config(retries={"total_max_attempts": 1}))
        client = session_for(profile).client("cloudformation", endpoint_url=url, config=once)
        with pytest.raises(AwsError, match=r"cannot be reached.*`decant local` is running"):
            StackOutputs(lambda: client, "prod").get("decant-prod-edge", "SiteUrl")


@pytest.mark.parametrize(
    ("endpoint_url", "address"),
    [
        ("http://localhost:4566", "http://localhost:4566/source/k.zip"),
        (None, "https://source.s3.amazonaws.com/k.zip"),
    ],
)
def test_buckets_are_named_in_the_path_only_below_an_endpoint_of_one_s_own(
    endpoint_url: str | None, address: str
) -> None:
    profile = PROFILE.model_copy(update={"endpoint_url": endpoint_url})
    client = session_for(profile).client(
        "s3", endpoint_url=endpoint_url, config=client_config(profile)
    )
    url = client.generate_presigned_url("get_object", {"Bucket": "source", "Key": "k.zip"})
    assert url.partition("?")[0] == address


@pytest.fixture
def no_aws_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine where nobody has signed in to AWS."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_DEFAULT_REGION", "AWS_DEFAULT_PROFILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/nonexistent")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.mark.usefixtures("no_aws_settings")
def test_says_how_to_sign_in_when_there_are_no_credentials() -> None:
    profile = StageProfile(stage="prod", region="eu-central-1", api_url="http://127.0.0.1:1")
    with pytest.raises(AccessDenied, match="There are no AWS credentials: sign in"):
        Connection(profile).admin_api().aliases()


@pytest.mark.usefixtures("no_aws_settings")
def test_says_that_the_aws_profile_is_unknown() -> None:
    profile = PROFILE.model_copy(update={"profile": "absent"})
    with pytest.raises(AccessDenied, match=r"profile \(absent\) could not be found.*--profile"):
        session_for(profile)


@pytest.mark.usefixtures("no_aws_settings")
def test_the_region_is_that_of_aws_s_settings_or_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert region_of_aws_settings(None) is None
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-north-1")
    assert region_of_aws_settings(None) == "eu-north-1"
