"""Deploys a CloudFormation stack by change set: what would change, progress, the reason on failure.

Running it again with the same template and parameters changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from chalicelib.errors import AwsError
from chalicelib.gateways.translate import translated
from stacks.model import Stack, Step

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import (
        DescribeChangeSetOutputTypeDef,
        ParameterTypeDef,
    )

_POLL_SECONDS = 1.0
_TIMEOUT_SECONDS = 45 * 60  # a distribution takes minutes; more than this is a stuck stack
_NOTHING = ("didn't contain changes", "No updates are to be performed")


Report = Callable[[Step], None]


class StackFailed(AwsError):
    """The stack could not be deployed; the message has the first failing resource and why."""


class Stacks:
    """Deploys and reads stacks."""

    def __init__(
        self,
        client: CloudFormationClient,
        *,
        sleep: Callable[[float], None],
        token: Callable[[], str],
    ) -> None:
        """`token` gives each change set a name of its own (letters, digits and hyphens)."""
        self._client = client
        self._sleep = sleep
        self._token = token

    def outputs(self, name: str) -> dict[str, str] | None:
        """The outputs of a stack; None when it does not exist. Raises AccessDenied, AwsError."""
        description = self._describe(name)
        if description is None:
            return None
        return {o["OutputKey"]: o["OutputValue"] for o in description.get("Outputs", [])}

    def deploy(self, stack: Stack, report: Report) -> bool:
        """Make the stack as `stack` says; returns whether anything changed.

        Raises StackFailed, AccessDenied, InvalidRequest, AwsError.
        """
        before = self._describe(stack.name)
        if before is not None and before["StackStatus"] == "ROLLBACK_COMPLETE":
            raise StackFailed(
                f"{stack.name} is left from a first deployment that failed: delete that stack "
                "(its buckets hold nothing yet), then run this again."
            )
        exists = before is not None and before["StackStatus"] != "REVIEW_IN_PROGRESS"
        present = {p["ParameterKey"] for p in before.get("Parameters", [])} if exists else set()
        change_set = self._create_change_set(stack, exists, present)
        if change_set is None:
            return False
        seen = {event["EventId"] for event in self._events(stack.name)}
        with translated(f"stack {stack.name}"):
            self._client.execute_change_set(ChangeSetName=change_set, StackName=stack.name)
        self._follow(stack.name, seen, report)
        return True

    def _describe(self, name: str) -> Any:
        try:
            return self._client.describe_stacks(StackName=name)["Stacks"][0]
        except ClientError as error:
            message = str(error.response.get("Error", {}).get("Message", ""))
            if "does not exist" in message:  # CloudFormation says it by a ValidationError
                return None
            with translated(f"stack {name}"):
                raise

    def _create_change_set(self, stack: Stack, exists: bool, present: set[str]) -> str | None:
        # What somebody chose for the stack before, and nobody gives now, stays as it is.
        kept = (present & stack.template.get("Parameters", {}).keys()) - stack.parameters.keys()
        parameters: list[ParameterTypeDef] = [
            {"ParameterKey": key, "ParameterValue": value}
            for key, value in stack.parameters.items()
        ]
        parameters += [{"ParameterKey": key, "UsePreviousValue": True} for key in sorted(kept)]
        with translated(f"stack {stack.name}"):
            arn = self._client.create_change_set(
                StackName=stack.name,
                ChangeSetName=f"decant-{self._token()}",
                ChangeSetType="UPDATE" if exists else "CREATE",
                TemplateBody=stack.body,
                Parameters=parameters,
                Capabilities=["CAPABILITY_IAM"],
            )["Id"]
        described = self._await_change_set(stack.name, arn)
        if described["Status"] != "FAILED":
            return arn
        with translated(f"stack {stack.name}"):
            self._client.delete_change_set(ChangeSetName=arn, StackName=stack.name)
        reason = described.get("StatusReason", "")
        if any(text in reason for text in _NOTHING):
            return None
        raise StackFailed(f"{stack.name} cannot be changed as asked: {reason}")

    def _await_change_set(self, name: str, arn: str) -> DescribeChangeSetOutputTypeDef:
        for _ in range(int(_TIMEOUT_SECONDS / _POLL_SECONDS)):
            with translated(f"stack {name}"):
                described = self._client.describe_change_set(ChangeSetName=arn, StackName=name)
            if described["Status"] in ("CREATE_COMPLETE", "FAILED"):
                return described
            self._sleep(_POLL_SECONDS)
        raise StackFailed(f"CloudFormation did not work out the changes of {name} in time.")

    def _events(self, name: str) -> Iterator[Any]:
        pages = self._client.get_paginator("describe_stack_events")
        with translated(f"stack {name}"):
            for page in pages.paginate(StackName=name):
                yield from page["StackEvents"]

    def _follow(self, name: str, seen: set[str], report: Report) -> None:
        first_failure: Step | None = None
        for _ in range(int(_TIMEOUT_SECONDS / _POLL_SECONDS)):
            status = self._describe(name)["StackStatus"]
            for step in self._new_steps(name, seen):
                report(step)
                if first_failure is None and step.status.endswith("_FAILED"):
                    first_failure = step
            if not status.endswith("_IN_PROGRESS"):
                self._judge(name, status, first_failure)
                return
            self._sleep(_POLL_SECONDS)
        raise StackFailed(f"{name} did not finish within {_TIMEOUT_SECONDS // 60} minutes.")

    def _new_steps(self, name: str, seen: set[str]) -> list[Step]:
        fresh: list[tuple[datetime, Step]] = []
        for event in self._events(name):
            if event["EventId"] in seen:
                break  # newest first: everything older has been reported
            step = Step(
                name,
                event.get("LogicalResourceId", name),
                event.get("ResourceStatus", ""),
                event.get("ResourceStatusReason"),
            )
            fresh.append((event["Timestamp"], step))
            seen.add(event["EventId"])
        return [step for _, step in reversed(fresh)]

    def _judge(self, name: str, status: str, failure: Step | None) -> None:
        if status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            return
        if failure is None:
            raise StackFailed(f"{name} ended as {status}: see its events in the console.")
        raise StackFailed(
            f"{name} failed at {failure.resource}: {failure.reason or failure.status}"
        )
