"""Both templates as they are deployed: what must hold whatever else changes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib.gateways.pipelines import DEPLOYMENT_VARIABLE, SOURCE_ACTION
from decant.chalice_stage import ROLES
from edge.template import FUNCTIONS, MAX_FUNCTION_BYTES, edge_stack, edge_template, function_code
from pipeline.template import pipeline_stack, pipeline_template, state_machine

ROOT = Path(__file__).resolve().parents[2]
EDGE = edge_template()
PIPELINE = pipeline_template()
BUCKETS = ("SourceBucket", "ArtifactBucket", "HostingBucket")
# Sid -> why AWS allows no resource there.
NO_RESOURCE = {
    "Trace": "X-Ray knows no resources",
    "DeliverLogs": "Step Functions' log delivery cannot be narrowed",
}


def resources(template: dict[str, Any], kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, resource in template["Resources"].items():
        if resource["Type"] == kind:
            yield name, resource["Properties"]


def statements() -> Iterator[tuple[str, dict[str, Any]]]:
    for template in (EDGE, PIPELINE):
        for name, role in resources(template, "AWS::IAM::Role"):
            for policy in role["Policies"]:
                for statement in policy["PolicyDocument"]["Statement"]:
                    yield name, statement


def test_both_templates_fit_in_a_request() -> None:
    edge = edge_stack("a" * 18, {})
    pipeline = pipeline_stack("a" * 18, source_bucket="s", artifact_bucket="a", api_url="u")
    assert edge.body
    assert pipeline.body


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_shipped_functions_are_what_is_deployed(name: str) -> None:
    code = EDGE["Resources"][name]["Properties"]["FunctionCode"]["Fn::Sub"]
    assert code.count("${PreviewDomain}") == code.count("${") == 1
    assert code.replace("${PreviewDomain}", "") == function_code(name)
    # Filled in with the longest domain that the template takes.
    longest = EDGE["Parameters"]["PreviewDomain"]["MaxLength"]
    assert len(code.replace("${PreviewDomain}", "x" * longest).encode()) <= MAX_FUNCTION_BYTES


def test_every_statement_names_its_actions_and_resources() -> None:
    for role, statement in statements():
        actions = statement["Action"]
        for action in [actions] if isinstance(actions, str) else actions:
            assert "*" not in action, (role, statement)
        if statement["Resource"] == "*":
            assert statement["Sid"] in NO_RESOURCE, (role, statement)


def test_every_function_has_a_role_and_a_log_group_of_its_own() -> None:
    base = json.loads((ROOT / ".chalice" / "base.json").read_text())
    assert set(base["lambda_functions"]) == set(ROLES)
    assert set(ROLES.values()) <= set(EDGE["Outputs"])
    assert len(set(ROLES.values())) == len(ROLES)
    names = [logs["LogGroupName"] for _, logs in resources(EDGE, "AWS::Logs::LogGroup")]
    assert len(names) == len(ROLES)
    for _, logs in [
        *resources(EDGE, "AWS::Logs::LogGroup"),
        *resources(PIPELINE, "AWS::Logs::LogGroup"),
    ]:
        assert "RetentionInDays" in logs


@pytest.mark.parametrize("name", BUCKETS)
def test_buckets_are_private_encrypted_kept_and_tls_only(name: str) -> None:
    bucket = EDGE["Resources"][name]
    assert bucket["DeletionPolicy"] == "RetainExceptOnCreate"
    properties = bucket["Properties"]
    assert all(properties["PublicAccessBlockConfiguration"].values())
    assert properties["BucketEncryption"]
    policy = EDGE["Resources"][f"{name}Policy"]["Properties"]["PolicyDocument"]["Statement"]
    [tls] = [s for s in policy if s["Sid"] == "TlsOnly"]
    assert tls["Effect"] == "Deny"
    assert tls["Condition"] == {"Bool": {"aws:SecureTransport": False}}
    assert {"Fn::GetAtt": [name, "Arn"]} in tls["Resource"]


@pytest.mark.parametrize("name", BUCKETS)
def test_the_longest_stage_in_the_longest_region_names_a_bucket(name: str) -> None:
    pattern = EDGE["Resources"][name]["Properties"]["BucketName"]["Fn::Sub"]
    longest = (
        pattern.replace("${Stage}", "a" * 18)
        .replace("${AWS::AccountId}", "1" * 12)
        .replace("${AWS::Region}", "ap-southeast-1")
    )
    assert len(longest) <= 63


@pytest.mark.parametrize(
    ("stage", "folder"),
    [("prod", "decant-prod-release"), ("a" * 18, "decant-aaaaaaaaaaaaa")],
)
def test_the_pipeline_may_write_where_codepipeline_keeps_its_artifacts(
    stage: str, folder: str
) -> None:
    stack = pipeline_stack(stage, source_bucket="s", artifact_bucket="a", api_url="u")
    assert stack.parameters["ArtifactFolder"] == folder
    assert len(folder) <= 20


def test_only_the_source_bucket_sends_events_and_keeps_versions() -> None:
    for name in BUCKETS:
        properties = EDGE["Resources"][name]["Properties"]
        assert ("NotificationConfiguration" in properties) == (name == "SourceBucket")
        assert ("VersioningConfiguration" in properties) == (name == "SourceBucket")


def test_viewers_reach_layers_and_the_fallback_page_only() -> None:
    policy = EDGE["Resources"]["HostingBucketPolicy"]["Properties"]["PolicyDocument"]
    [allow] = [s for s in policy["Statement"] if s["Effect"] == "Allow"]
    assert allow["Action"] == "s3:GetObject"
    assert allow["Resource"] == [
        {"Fn::Sub": "${HostingBucket.Arn}/v*"},
        {"Fn::Sub": "${HostingBucket.Arn}/_decant/*"},
    ]
    assert "AWS:SourceArn" in allow["Condition"]["StringEquals"]


def test_the_distribution_is_modern_and_secure() -> None:
    [(_, distribution)] = resources(EDGE, "AWS::CloudFront::Distribution")
    config = distribution["DistributionConfig"]
    assert config["HttpVersion"] == "http2and3"
    for behaviour in (config["DefaultCacheBehavior"], *config["CacheBehaviors"]):
        assert behaviour["ViewerProtocolPolicy"] == "redirect-to-https"
        assert behaviour["Compress"] is True
        assert behaviour["AllowedMethods"] == ["GET", "HEAD"]
        assert "ResponseHeadersPolicyId" in behaviour
    own = config["ViewerCertificate"]["Fn::If"][1]
    assert own["MinimumProtocolVersion"] == "TLSv1.3_2025"
    assert "DefaultRootObject" not in config


def test_the_security_headers_are_those_of_the_reference_toolkit() -> None:
    [(_, policy)] = resources(EDGE, "AWS::CloudFront::ResponseHeadersPolicy")
    headers = policy["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
    assert headers["FrameOptions"]["FrameOption"] == "DENY"
    assert headers["ReferrerPolicy"]["ReferrerPolicy"] == "strict-origin-when-cross-origin"
    assert headers["StrictTransportSecurity"]["AccessControlMaxAgeSec"] == 365 * 24 * 60 * 60
    assert headers["StrictTransportSecurity"]["IncludeSubdomains"] is True
    assert "ContentTypeOptions" in headers


def tasks(states: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, state in states.items():
        if state["Type"] == "Task":
            yield name, state
        if state["Type"] == "Map":
            yield from tasks(state["ItemProcessor"]["States"])


def test_every_task_has_a_timeout_and_retries_with_jitter() -> None:
    found = dict(tasks(state_machine()["States"]))
    assert set(found) == {"Plan", "CopyShard", "Finish", "Activate", "Prune", "Fail"}
    for task in found.values():
        assert task["TimeoutSeconds"] > 0
        assert task["Retry"][-1]["JitterStrategy"] == "FULL"


def test_a_task_waits_longer_than_its_function_runs() -> None:
    functions = json.loads((ROOT / ".chalice" / "base.json").read_text())["lambda_functions"]
    for name, task in tasks(state_machine()["States"]):
        function = "copy" if name == "CopyShard" else name.lower()
        assert task["TimeoutSeconds"] > functions[function]["lambda_timeout"], name


def test_every_stage_that_can_fail_leads_to_fail() -> None:
    states = state_machine()["States"]
    for name in ("Plan", "Copy", "Finish", "Activate"):
        assert [catch["Next"] for catch in states[name]["Catch"]] == ["Fail"]
    assert states["Prune"]["Catch"][0]["Next"] == "Done"


def test_the_pipeline_takes_what_on_upload_starts_it_with() -> None:
    [(_, pipeline)] = resources(PIPELINE, "AWS::CodePipeline::Pipeline")
    assert pipeline["PipelineType"] == "V2"
    assert pipeline["ExecutionMode"] == "PARALLEL"
    assert [v["Name"] for v in pipeline["Variables"]] == [DEPLOYMENT_VARIABLE]
    source, deploy = (stage["Actions"][0] for stage in pipeline["Stages"])
    assert source["Name"] == SOURCE_ACTION
    assert source["Configuration"]["AllowOverrideForS3ObjectKey"] == "true"
    assert source["Configuration"]["PollForSourceChanges"] == "false"
    assert json.loads(deploy["Configuration"]["Input"]) == {
        "deployment_id": f"#{{variables.{DEPLOYMENT_VARIABLE}}}"
    }


def test_every_parameter_is_described() -> None:
    for template in (EDGE, PIPELINE):
        for name, parameter in template["Parameters"].items():
            assert parameter["Description"], name
