"""Who asks, and how: IAM users and roles for a test, and HTTP requests sent as they are written."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from decant.local.state import ACCOUNT_ID
from tests.local.plugin_server import client
from tests.local.stage import Stage

REGION = "us-east-1"
_TIMEOUT_SECONDS = 30  # API Gateway gives up after 29


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Request:
    """A request to the admin API; `path` is below its address and may have a query."""

    method: str
    path: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def all_headers(self) -> dict[str, str]:
        """Its headers, with the media type of a body that names none."""
        return ({"Content-Type": "application/json"} if self.body else {}) | dict(self.headers)


def send(
    port: int, host: str, method: str, target: str, headers: Mapping[str, str], body: bytes = b""
) -> Answer:
    """One request to this machine; `target` goes into the request line as it is."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_SECONDS)
    connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
    connection.putheader("Host", host)
    for name, value in headers.items():
        connection.putheader(name, value)
    if body:
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body or None)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, content)


class _Earlier(SigV4Auth):
    """Signs as if some time ago."""

    def __init__(self, credentials: Credentials, service: str, region: str, ago: timedelta) -> None:
        super().__init__(credentials, service, region)
        self._ago = ago

    def _modify_request_before_signing(self, request: Any) -> None:
        moment = datetime.now(UTC) - self._ago
        request.context["timestamp"] = moment.strftime("%Y%m%dT%H%M%SZ")
        super()._modify_request_before_signing(request)  # type: ignore[misc]  # the stubs lack it


@dataclass(frozen=True, slots=True)
class Door:
    """The admin API at `url`."""

    url: str

    def signed(
        self,
        request: Request,
        credentials: Credentials,
        *,
        service: str = "execute-api",
        region: str = REGION,
        ago: timedelta = timedelta(),
    ) -> dict[str, str]:
        """The headers of `request`, signed."""
        unsigned = AWSRequest(
            request.method, self.url + request.path, request.all_headers, request.body or None
        )
        _Earlier(credentials, service, region, ago).add_auth(unsigned)
        return dict(unsigned.headers.items())

    def knock(self, request: Request, headers: Mapping[str, str]) -> Answer:
        """Send `request` with exactly these headers."""
        url = urlsplit(self.url)
        return send(
            url.port or 80,
            url.netloc,
            request.method,
            url.path + request.path,
            headers,
            request.body,
        )

    def ask(self, request: Request, credentials: Credentials) -> Answer:
        """Send `request`, signed."""
        return self.knock(request, self.signed(request, credentials))


def session_of(stage: Stage, role_arn: str) -> Credentials:
    """What code that runs in the role has. The role trusts this account only meanwhile."""
    iam = client(stage.local, "iam")
    name = role_arn.rsplit("/", 1)[-1]
    trust = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    ours = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT_ID}, "Action": "sts:AssumeRole"}
    wider = {**trust, "Statement": [*trust["Statement"], ours]}
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(wider))
    try:
        assumed = client(stage.local, "sts").assume_role(RoleArn=role_arn, RoleSessionName="test")
    finally:
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(trust))
    keys = assumed["Credentials"]
    return Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])


def table_rows(stage: Stage, *partitions: str) -> list[dict[str, Any]]:
    """The rows of the stage's table in these partitions, or all of them, in a fixed order."""
    pages = client(stage.local, "dynamodb").get_paginator("scan")
    rows = [
        row
        for page in pages.paginate(TableName=f"decant-{stage.profile.stage}", ConsistentRead=True)
        for row in page["Items"]
        if not partitions or row["pk"]["S"] in partitions
    ]
    return sorted(rows, key=lambda row: (row["pk"]["S"], row["sk"]["S"]))


def store_entries(stage: Stage) -> dict[str, str]:
    """All that the edge reads."""
    arn = output(stage, "StoreArn")
    keys = client(stage.local, "cloudfront-keyvaluestore").list_keys(KvsARN=arn)["Items"]
    return {item["Key"]: item["Value"] for item in keys}


def output(stage: Stage, name: str) -> str:
    """An output of the stage's edge stack."""
    stacks = client(stage.local, "cloudformation")
    found = stacks.describe_stacks(StackName=f"decant-{stage.profile.stage}-edge")["Stacks"][0]
    return next(str(o["OutputValue"]) for o in found["Outputs"] if o["OutputKey"] == name)
