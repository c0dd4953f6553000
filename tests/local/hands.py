"""Does by hand what AWS, crashes and people do to a stage: deliver an event again, hold a
deployment back, run one task, take a permission away, look at everything that is kept.

Uses real clients of local AWS; what it takes away for a test it gives back.
"""

from __future__ import annotations

import json
import random
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from chalicelib.admin import Admin
from chalicelib.archive import Limits
from chalicelib.backoff import Backoff
from chalicelib.deploy.receive import Receive
from chalicelib.gateways.objects import Objects
from chalicelib.gateways.pipelines import Pipelines
from chalicelib.gateways.records import Records
from chalicelib.gateways.store import KeyValueStore
from chalicelib.manifests import Manifests
from chalicelib.pointing import Pointing
from chalicelib.records import timestamp
from chalicelib.repeats import PARTITION
from chalicelib.tables import Tables
from tests.local.stage import Stage, Uploaded

Json = dict[str, Any]
_EVENT_SECONDS = 10  # an event takes some 10 ms
_BACKOFF = Backoff(time.sleep, random.random)
_SETTLE_SECONDS = 30  # Prune takes 0.1 s, with a cold start 3


@dataclass(frozen=True)
class Outcome:
    """What an invoked function answered: `error` is the exception's name when it raised."""

    payload: Any
    error: str | None

    @property
    def message(self) -> str:
        """The exception's sentence."""
        return str(self.payload["errorMessage"])


@dataclass(frozen=True)
class Kept:
    """All that a stage keeps: rows of the table, objects (key -> ETag), the store's entries."""

    rows: Mapping[str, Json]
    hosting: Mapping[str, str]
    papers: Mapping[str, str]
    store: Mapping[str, str]


class Hands:
    """Works on one stage as its owner."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self._clients: dict[str, Any] = {}
        self._events: dict[str, Json] = {}

    def client(self, service: str) -> Any:
        """A client of `service`; making one takes 0.1 s, so each is made once."""
        if service not in self._clients:
            self._clients[service] = self.stage.client(service)
        return self._clients[service]

    @cached_property
    def _names(self) -> dict[str, str]:
        configuration = self.client("lambda").get_function_configuration(
            FunctionName=self._function("plan")
        )
        variables: dict[str, str] = configuration["Environment"]["Variables"]
        return variables

    def _function(self, name: str) -> str:
        return f"decant-{self.stage.profile.stage}-{name}"

    # Events ----------------------------------------------------------------------------------

    @cached_property
    def _mailbox(self) -> str:
        """The URL of a queue that gets the same events as `on_upload`."""
        name = f"seen-{self.stage.profile.stage}"
        queue = self.client("sqs").create_queue(QueueName=name)["QueueUrl"]
        arn = self.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])[
            "Attributes"
        ]["QueueArn"]
        rule = self.client("events").describe_rule(Name=self._function("on_upload-event"))
        self.client("events").put_rule(Name=name, EventPattern=rule["EventPattern"])
        self.client("events").put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn}])
        return str(queue)

    @contextmanager
    def undelivered(self) -> Iterator[None]:
        """Inside, uploads reach no function: `event_of` and `invoke` deliver them."""
        rule = self._function("on_upload-event")
        assert self._mailbox
        self.client("events").disable_rule(Name=rule)
        try:
            yield
        finally:
            self.client("events").enable_rule(Name=rule)

    def event_of(self, uploaded: Uploaded) -> Json:
        """EventBridge's event of an upload, as it was sent; of uploads made `undelivered`."""
        sqs, queue = self.client("sqs"), self._mailbox
        deadline = time.monotonic() + _EVENT_SECONDS
        while uploaded.version_id not in self._events:
            assert time.monotonic() < deadline, f"no event came for {uploaded}"
            answer = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1, MaxNumberOfMessages=10)
            for message in answer.get("Messages", []):
                event = json.loads(message["Body"])
                self._events[event["detail"]["object"]["version-id"]] = event
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return self._events[uploaded.version_id]

    def deliver(self, uploaded: Uploaded) -> Outcome:
        """Call `on_upload` with the upload's event."""
        return self.invoke("on_upload", self.event_of(uploaded))

    def forget_answers(self) -> None:
        """Remove Powertools' idempotency records, as if an hour had passed."""
        table, client = self._names["DECANT_TABLE"], self.client("dynamodb")
        for row in self._rows(PARTITION):
            client.delete_item(TableName=table, Key={"pk": row["pk"], "sk": row["sk"]})

    def hold(self, content: Mapping[str, str | bytes] | bytes, key: str) -> Uploaded:
        """Upload, and take the version number, but start nothing: `on_upload` dies before that.

        `release` starts it; `run` does its tasks one by one.
        """
        with self.undelivered(), self.denied("on_upload", "codepipeline:StartPipelineExecution"):
            uploaded = self.stage.upload(content, key)
            outcome = self.deliver(uploaded)
        assert outcome.error == "AccessDenied", outcome
        return uploaded

    def release(self, uploaded: Uploaded) -> None:
        """Deliver the event of a held upload again: its pipeline starts."""
        outcome = self.deliver(uploaded)
        assert outcome.error is None, outcome

    # Tasks -----------------------------------------------------------------------------------

    def invoke(self, function: str, event: Json) -> Outcome:
        """Call a function and wait for its answer."""
        answer = self.client("lambda").invoke(
            FunctionName=self._function(function), Payload=json.dumps(event).encode()
        )
        payload = json.loads(answer["Payload"].read())
        failed = "FunctionError" in answer
        return Outcome(payload, payload["errorType"] if failed else None)

    def run(self, uploaded: Uploaded, *functions: str) -> Outcome:
        """Run tasks of a deployment in this order, Copy for its only shard; the last outcome.

        Asserts that those before the last succeed.
        """
        outcome = Outcome(None, None)
        for function in functions:
            assert outcome.error is None, (function, outcome)
            outcome = self.invoke(function, self.task(uploaded, function))
        return outcome

    def task(self, uploaded: Uploaded, function: str) -> Json:
        """The input that the state machine gives a task (Copy: the first shard's)."""
        if function == "copy":
            key = f"deployments/{uploaded.deployment_id}/shards.json"
            paper = self.client("s3").get_object(Bucket=self.stage.bucket["artifact"], Key=key)
            item: Json = json.loads(paper["Body"].read())[0]
            return item
        event: Json = {"deployment_id": uploaded.deployment_id}
        if function == "fail":
            event["error"] = {"Error": "States.Timeout", "Cause": ""}
        return event

    def fail(self, uploaded: Uploaded, outcome: Outcome) -> None:
        """Tell Fail of a task's error, as the state machine does."""
        error = {"Error": outcome.error, "Cause": json.dumps(outcome.payload)}
        told = self.invoke("fail", {"deployment_id": uploaded.deployment_id, "error": error})
        assert told.error is None, told

    def start(self, uploaded: Uploaded) -> None:
        """Start the state machine for a held upload, as its pipeline would."""
        self.client("stepfunctions").start_execution(
            stateMachineArn=self._state_machine,
            input=json.dumps({"deployment_id": uploaded.deployment_id}),
        )

    def stop_state_machine(self, uploaded: Uploaded) -> None:
        """Stop the execution that carries out a deployment, as soon as it has begun."""
        client = self.client("stepfunctions")
        deadline = time.monotonic() + _SETTLE_SECONDS
        while time.monotonic() < deadline:
            running = client.list_executions(
                stateMachineArn=self._state_machine, statusFilter="RUNNING"
            )["executions"]
            for execution in running:
                told = client.describe_execution(executionArn=execution["executionArn"])["input"]
                if uploaded.deployment_id in told:
                    client.stop_execution(executionArn=execution["executionArn"])
                    return
            time.sleep(0.1)
        raise AssertionError(f"No execution was started for {uploaded}")

    @cached_property
    def _state_machine(self) -> str:
        machines = self.client("stepfunctions").list_state_machines()["stateMachines"]
        name = self._function("deploy")
        return next(str(m["stateMachineArn"]) for m in machines if m["name"] == name)

    @contextmanager
    def denied(self, function: str, *actions: str) -> Iterator[None]:
        """Inside, the function's role is denied these actions."""
        role = (
            self.client("lambda")
            .get_function_configuration(FunctionName=self._function(function))["Role"]
            .rpartition("/")[2]
        )
        policy = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Deny", "Action": list(actions), "Resource": "*"}],
        }
        self.client("iam").put_role_policy(
            RoleName=role, PolicyName="Denied", PolicyDocument=json.dumps(policy)
        )
        try:
            yield
        finally:
            self.client("iam").delete_role_policy(RoleName=role, PolicyName="Denied")

    # What is kept ----------------------------------------------------------------------------

    def executions(self) -> list[str]:
        """The ids of the release pipeline's executions, newest first."""
        pages = self.client("codepipeline").get_paginator("list_pipeline_executions")
        return [
            summary["pipelineExecutionId"]
            for page in pages.paginate(pipelineName=self._names["DECANT_RELEASE_PIPELINE"])
            for summary in page["pipelineExecutionSummaries"]
        ]

    def receive(self) -> Receive:
        """The stage behind `on_upload` in this process: threads of it start without delay."""
        return Receive(
            Objects(self.client("s3")),
            self._records,
            Pipelines(self.client("codepipeline")),
            pipeline=self._names["DECANT_RELEASE_PIPELINE"],
            limits=Limits(),
            now=_now,
        )

    def admin(self) -> Admin:
        """The operations of the admin API in this process."""
        store = KeyValueStore(
            self.client("cloudfront-keyvaluestore"),
            self._names["DECANT_STORE_ARN"],
            backoff=_BACKOFF,
        )
        manifests = Manifests(Objects(self.client("s3")), self.stage.bucket["hosting"])
        tables = Tables(store, self._records, manifests, now=lambda: datetime.now(UTC))
        pointing = Pointing(self._records, store, tables, carry=timedelta(days=7), backoff=_BACKOFF)
        return Admin(
            self._records, pointing, now=lambda: datetime.now(UTC), token=secrets.token_urlsafe
        )

    @property
    def _records(self) -> Records:
        return Records(
            self.client("dynamodb"), self._names["DECANT_TABLE"], now=_now, backoff=_BACKOFF
        )

    def settle(self, uploaded: Uploaded) -> None:
        """Wait until the execution is over too: Prune runs after the deployment has ended."""
        execution = self.stage.api.deployment(uploaded.deployment_id).pipeline_execution_id
        deadline = time.monotonic() + _SETTLE_SECONDS
        while self._status(str(execution)) == "InProgress":
            assert time.monotonic() < deadline, f"{execution} goes on"
            time.sleep(0.1)

    def _status(self, execution: str) -> str:
        answer = self.client("codepipeline").get_pipeline_execution(
            pipelineName=self._names["DECANT_RELEASE_PIPELINE"], pipelineExecutionId=execution
        )
        return str(answer["pipelineExecution"]["status"])

    def last_number(self) -> int:
        """The newest version number that was taken."""
        return self.stage.api.versions(1)[0].number

    def store(self) -> dict[str, str]:
        """Every entry of the KeyValueStore."""
        pages = self.client("cloudfront-keyvaluestore").get_paginator("list_keys")
        return {
            item["Key"]: item["Value"]
            for page in pages.paginate(KvsARN=self._names["DECANT_STORE_ARN"])
            for item in page.get("Items", [])
        }

    def put_store(self, key: str, value: str | None) -> None:
        """Write, or with None delete, one entry of the KeyValueStore."""
        client, arn = self.client("cloudfront-keyvaluestore"), self._names["DECANT_STORE_ARN"]
        etag = client.describe_key_value_store(KvsARN=arn)["ETag"]
        if value is None:
            client.delete_key(KvsARN=arn, Key=key, IfMatch=etag)
        else:
            client.put_key(KvsARN=arn, Key=key, Value=value, IfMatch=etag)

    def alias_row(self, name: str) -> Json:
        """The alias's row of the table, as DynamoDB keeps it."""
        row: Json = self.client("dynamodb").get_item(
            TableName=self._names["DECANT_TABLE"],
            Key={"pk": {"S": "aliases"}, "sk": {"S": name}},
            ConsistentRead=True,
        )["Item"]
        return row

    def switch_in_the_second_of_the_upload(self, name: str, version: int) -> None:
        """Make it as if a person had switched `name` in the second its live version was uploaded.

        People are not this fast, but S3's clock may be ahead of Lambda's.
        """
        row = self.alias_row(name)
        second = row["order"]["S"].partition(" ")[0]
        revision = int(row["revision"]["N"]) + 1
        changed = {
            "version": {"N": str(version)},
            "revision": {"N": str(revision)},
            "order": {"S": second},
        }
        self.put_row(row | changed)

    def edge_version(self, alias: str) -> int:
        """The version that the KeyValueStore says `alias` points at."""
        return int(json.loads(self.store()[f"a/{alias}"])["version"])

    def put_row(self, row: Json) -> None:
        """Write a row of the table."""
        self.client("dynamodb").put_item(TableName=self._names["DECANT_TABLE"], Item=row)

    def objects(self, bucket: str, prefix: str = "") -> dict[str, str]:
        """The objects of one of the stage's buckets: key -> ETag."""
        pages = self.client("s3").get_paginator("list_objects_v2")
        return {
            item["Key"]: item["ETag"]
            for page in pages.paginate(Bucket=self.stage.bucket[bucket], Prefix=prefix)
            for item in page.get("Contents", [])
        }

    def delete_upload(self, uploaded: Uploaded) -> None:
        """Delete the uploaded object version for good."""
        self.client("s3").delete_object(
            Bucket=self.stage.bucket["source"], Key=uploaded.key, VersionId=uploaded.version_id
        )

    def delete_object(self, bucket: str, key: str) -> None:
        """Delete an object that must be there."""
        assert key in self.objects(bucket, key)
        self.client("s3").delete_object(Bucket=self.stage.bucket[bucket], Key=key)

    def put_object(self, bucket: str, key: str, body: bytes) -> None:
        """Write an object."""
        self.client("s3").put_object(Bucket=self.stage.bucket[bucket], Key=key, Body=body)

    def kept(self) -> Kept:
        """Everything, to be compared; without Powertools' own records."""
        rows = {f"{row['pk']['S']} {row['sk']['S']}": row for row in self._rows(None)}
        return Kept(rows, self.objects("hosting"), self.objects("artifact"), self.store())

    def _rows(self, partition: str | None) -> list[Json]:
        pages = self.client("dynamodb").get_paginator("scan")
        return [
            row
            for page in pages.paginate(TableName=self._names["DECANT_TABLE"], ConsistentRead=True)
            for row in page["Items"]
            if (row["pk"]["S"] == PARTITION if partition else row["pk"]["S"] != PARTITION)
        ]


def _now() -> str:
    return timestamp(datetime.now(UTC))
