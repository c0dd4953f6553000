"""The roles of the Lambda functions: each may do what its function needs, and no more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from tests.local.callers import output, session_of, store_entries, table_rows
from tests.local.plugin_server import client
from tests.local.stage import Stage


class Tries:
    """Attempts at AWS with one role's credentials; each changes nothing that matters."""

    def __init__(self, stage: Stage, credentials: Credentials) -> None:
        self._stage, self._credentials = stage, credentials
        self.source = output(stage, "SourceBucket")
        self.artifact = output(stage, "ArtifactBucket")
        self.hosting = output(stage, "HostingBucket")
        self.table = {"TableName": output(stage, "Table")}
        self.row = {"Key": {"pk": {"S": "nothing"}, "sk": {"S": "nothing"}}, **self.table}
        self.store = {"KvsARN": output(stage, "StoreArn")}
        self.name = f"decant-{stage.profile.stage}"

    def at(self, service: str) -> Any:
        return client(self._stage.local, service, self._credentials)

    def put(self, bucket: str, key: str) -> None:
        """And take it away again, as root."""
        self.at("s3").put_object(Bucket=bucket, Key=key, Body=b"probe")
        client(self._stage.local, "s3").delete_object(Bucket=bucket, Key=key)

    def delete(self, bucket: str, key: str) -> None:
        self.at("s3").delete_object(Bucket=bucket, Key=key)

    def read(self, bucket: str, key: str, **version: str) -> None:
        self.at("s3").get_object(Bucket=bucket, Key=key, **version)

    def never(self, operation: str, **more: Any) -> None:
        """A write to the table under a condition that does not hold."""
        getattr(self.at("dynamodb"), operation)(ConditionExpression="attribute_exists(x)", **more)


# What can be tried; an attempt that gets past IAM counts as allowed, whatever comes of it.
ATTEMPTS: dict[str, Callable[[Tries], Any]] = {
    "read an upload": lambda t: t.read(t.source, "none.zip", VersionId="none"),
    "read the newest upload": lambda t: t.read(t.source, "none.zip"),
    "list uploads": lambda t: t.at("s3").list_objects_v2(Bucket=t.source),
    "write an upload": lambda t: t.put(t.source, "probe/probe.txt"),
    "delete an upload": lambda t: t.delete(t.source, "none.zip"),
    "read a paper": lambda t: t.read(t.artifact, "deployments/none"),
    "write a paper": lambda t: t.put(t.artifact, "deployments/probe"),
    "delete a paper": lambda t: t.delete(t.artifact, "deployments/none"),
    "list papers": lambda t: t.at("s3").list_objects_v2(Bucket=t.artifact),
    "read an artifact": lambda t: t.read(t.artifact, f"{t.name}-release/none"),
    "write an artifact": lambda t: t.put(t.artifact, f"{t.name}-release/probe"),
    "read a file": lambda t: t.read(t.hosting, "v0/none"),
    "write a file": lambda t: t.put(t.hosting, "v0/probe"),
    "delete a file": lambda t: t.delete(t.hosting, "v0/none"),
    "list files": lambda t: t.at("s3").list_objects_v2(Bucket=t.hosting),
    "read a manifest": lambda t: t.read(t.hosting, "_manifests/none"),
    "write a manifest": lambda t: t.put(t.hosting, "_manifests/probe"),
    "delete a manifest": lambda t: t.delete(t.hosting, "_manifests/none"),
    "write the fallback": lambda t: t.put(t.hosting, "_decant/probe"),
    "delete the fallback": lambda t: t.delete(t.hosting, "_decant/none"),
    "read Chalice's state": lambda t: t.read(t.hosting, "_chalice/none"),
    "write Chalice's state": lambda t: t.put(t.hosting, "_chalice/probe"),
    "change a bucket": lambda t: t.at("s3").delete_bucket_policy(Bucket=f"{t.name}-none"),
    "list buckets": lambda t: t.at("s3").list_buckets(),
    "get a row": lambda t: t.at("dynamodb").get_item(**t.row),
    "query rows": lambda t: t.at("dynamodb").query(
        KeyConditionExpression="pk = :none",
        ExpressionAttributeValues={":none": {"S": "none"}},
        **t.table,
    ),
    "scan the table": lambda t: t.at("dynamodb").scan(**t.table),
    "put a row": lambda t: t.never("put_item", Item=t.row["Key"], **t.table),
    "update a row": lambda t: t.never("update_item", **t.row),
    "delete a row": lambda t: t.never("delete_item", **t.row),
    "drop a table": lambda t: t.at("dynamodb").delete_table(TableName=f"{t.name}-none"),
    "read the store": lambda t: t.at("cloudfront-keyvaluestore").get_key(Key="none", **t.store),
    "list the store": lambda t: t.at("cloudfront-keyvaluestore").list_keys(**t.store),
    "write the store": lambda t: t.at("cloudfront-keyvaluestore").update_keys(
        IfMatch="none", Puts=[{"Key": "none", "Value": "none"}], **t.store
    ),
    "change a distribution": lambda t: t.at("cloudfront").delete_distribution(
        Id="none", IfMatch="none"
    ),
    "start the pipeline": lambda t: t.at("codepipeline").start_pipeline_execution(
        name=f"{t.name}-release", variables=[{"name": "no-such-variable", "value": "x"}]
    ),
    "see an execution": lambda t: t.at("codepipeline").get_pipeline_execution(
        pipelineName=f"{t.name}-release", pipelineExecutionId="0" * 8 + "-0000" * 3 + "-" + "0" * 12
    ),
    "list an execution's actions": lambda t: t.at("codepipeline").list_action_executions(
        pipelineName=f"{t.name}-release"
    ),
    "start the state machine": lambda t: t.at("stepfunctions").start_execution(
        stateMachineArn=f"arn:aws:states:us-east-1:000000000000:stateMachine:{t.name}-none"
    ),
    "call a function": lambda t: t.at("lambda").invoke(FunctionName=f"{t.name}-none"),
    "start prune": lambda t: t.at("lambda").invoke(
        FunctionName=f"{t.name}-prune", InvocationType="DryRun"
    ),
    "change a function": lambda t: t.at("lambda").delete_function(FunctionName=f"{t.name}-none"),
    "read a role": lambda t: t.at("iam").list_roles(),
    "write another log": lambda t: t.at("logs").create_log_stream(
        logGroupName="/aws/lambda/another", logStreamName="probe"
    ),
}
_RECORD = {"get a row", "put a row", "update a row"}
_STORE = {"read the store", "list the store", "write the store"}
MAY: dict[str, set[str]] = {
    "OnUpload": _RECORD | {"delete a row", "read an upload", "list uploads", "start the pipeline"},
    "Plan": {"get a row", "update a row", "read an upload", "list uploads", "write a paper"}
    | {"read a manifest", "list files"},
    "Copy": {"get a row", "update a row", "read an upload", "read a paper", "write a paper"}
    | {"list uploads", "list papers", "write a file"},
    "Finish": _RECORD
    | _STORE
    | {"query rows", "read a paper", "list papers"}
    | {"list files", "read a file", "write a file", "read a manifest", "write a manifest"},
    "Activate": _RECORD | _STORE | {"query rows", "read a manifest", "list files"},
    "Prune": _STORE
    | {"get a row", "query rows", "put a row"}
    | {"list files", "delete a file", "read a manifest", "delete a manifest"},
    "Fail": _RECORD | {"see an execution", "list an execution's actions"},
    "Api": _RECORD
    | _STORE
    | {"query rows", "delete a row", "read a manifest", "list files", "start prune"},
}


def test_every_function_has_a_role_that_is_tested_here(stage: Stage) -> None:
    functions = client(stage.local, "lambda").list_functions()["Functions"]
    ours = {f["Role"] for f in functions if f["FunctionName"].startswith("decant-test")}
    assert ours == {output(stage, f"{name}RoleArn") for name in MAY}


@pytest.mark.parametrize("role", MAY)
def test_a_functions_role_may_do_what_it_needs_and_no_more(stage: Stage, role: str) -> None:
    tries = Tries(stage, session_of(stage, output(stage, f"{role}RoleArn")))
    before = table_rows(stage), store_entries(stage)
    allowed = {name for name, attempt in ATTEMPTS.items() if passes(attempt, tries)}
    assert allowed == MAY[role]
    assert (table_rows(stage), store_entries(stage)) == before


def passes(attempt: Callable[[Tries], Any], tries: Tries) -> bool:
    """Whether IAM lets the attempt through."""
    try:
        attempt(tries)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        return code not in ("AccessDenied", "AccessDeniedException", "403")
    return True
