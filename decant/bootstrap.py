"""Sets up a stage, or brings it up to date. Three steps, each safe to repeat:

1. edge       CloudFormation: buckets, store, functions, distribution, table, roles
2. app        `chalice deploy`: the Lambda functions and the admin API
3. pipeline   CloudFormation: release pipeline, state machine, events

Nothing here changes what viewers see. A step whose input has not changed changes nothing.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import uuid4

from botocore.exceptions import NoCredentialsError

from chalicelib.errors import Missing
from chalicelib.gateways.objects import Objects
from chalicelib.gateways.translate import translated
from decant import chalice_stage
from decant.aws_errors import asking
from decant.connection import client_config, session_for
from decant.profiles import StageProfile
from edge.template import edge_stack
from pipeline.template import pipeline_stack
from stacks.deploy import Report, Stacks
from stacks.model import Step

if TYPE_CHECKING:
    import boto3

PROJECT = Path(__file__).resolve().parent.parent
FALLBACK_PAGE = PROJECT / "edge" / "fallback.html"
FALLBACK_KEY = "_decant/404.html"  # named by the distribution's custom error responses
STATE_KEY = "_chalice/app.json"  # what Chalice deployed, for whoever runs this next
_APP = "chalice deploy"


@dataclass(frozen=True, slots=True)
class BootstrapResult:
    """Addresses of the stage, and which of the steps changed something."""

    site_url: str
    api_url: str
    source_bucket: str
    changed: tuple[str, ...]


def run(
    profile: StageProfile,
    report: Callable[[Step], None],
    parameters: Mapping[str, str] | None = None,
    project: Path = PROJECT,
) -> BootstrapResult:
    """Set up the stage of `profile`; `report` gets each step as it happens.

    `parameters` are those of the edge stack (see edge/base.yaml); `project` is the folder with
    `app.py`, in which `chalice deploy` is run.
    Raises StackFailed, ChaliceFailed, AccessDenied, AwsError.
    """
    session = session_for(profile)
    return _Bootstrap(profile, session, report, project).run(dict(parameters or {}))


class _Bootstrap:
    def __init__(
        self, profile: StageProfile, session: boto3.Session, report: Report, project: Path
    ) -> None:
        self._project = project
        self._profile = profile
        self._session = session
        self._report = report
        self._stacks = Stacks(
            self._client("cloudformation"), sleep=time.sleep, token=lambda: uuid4().hex
        )
        self._objects = Objects(self._client("s3"))

    def _client(self, service: Any) -> Any:
        return self._session.client(
            service, endpoint_url=self._profile.endpoint_url, config=client_config(self._profile)
        )

    def run(self, parameters: dict[str, str]) -> BootstrapResult:
        changed = []
        stage = self._profile.stage
        edge = edge_stack(stage, parameters)
        if self._stacks.deploy(edge, self._report):
            changed.append("edge")
        outputs = self._stacks.outputs(edge.name) or {}
        self._put_fallback(outputs["HostingBucket"])
        api_url, app_changed = self._deploy_app(outputs)
        if app_changed:
            changed.append("app")
        pipeline = pipeline_stack(
            stage,
            source_bucket=outputs["SourceBucket"],
            artifact_bucket=outputs["ArtifactBucket"],
            api_url=api_url,
        )
        if self._stacks.deploy(pipeline, self._report):
            changed.append("pipeline")
        return BootstrapResult(
            site_url=self._profile.site_url or outputs["SiteUrl"],
            api_url=api_url,
            source_bucket=outputs["SourceBucket"],
            changed=tuple(changed),
        )

    def _put_fallback(self, bucket: str) -> None:
        page = FALLBACK_PAGE.read_bytes()
        if self._objects.find(bucket, FALLBACK_KEY) != page:
            headers = {"content-type": "text/html; charset=utf-8", "cache-control": "no-store"}
            self._objects.put(bucket, FALLBACK_KEY, page, headers)

    def _deploy_app(self, outputs: Mapping[str, str]) -> tuple[str, bool]:
        """Run `chalice deploy` unless what it would deploy is deployed; the API's address."""
        stage, bucket = self._profile.stage, outputs["HostingBucket"]
        chalice_stage.write_config(self._project, stage, outputs)
        wanted = chalice_stage.fingerprint(self._project, stage)
        path = chalice_stage.deployed_path(self._project, stage)
        found = self._objects.find(bucket, STATE_KEY)
        known = json.loads(found) if found else None
        # Chalice finds its own API only by this file; without it a second one would be made.
        path.parent.mkdir(parents=True, exist_ok=True)
        if known is not None:
            path.write_text(json.dumps(known["deployed"], indent=2) + "\n")
        elif path.exists() and not self._api_exists(path):
            path.unlink()  # left by another account or an emptied local AWS
        if known is not None and known["fingerprint"] == wanted:
            return at_endpoint(chalice_stage.api_url(known["deployed"]), self._profile), False
        self._report(Step(_APP, "packages", "IN_PROGRESS"))
        address = chalice_stage.deploy(self._project, stage, self._environment(), self._say)
        state = {"fingerprint": wanted, "deployed": json.loads(path.read_text())}
        self._objects.put_json(bucket, STATE_KEY, json.dumps(state).encode())
        self._report(Step(_APP, "functions and API", "COMPLETE"))
        return at_endpoint(address, self._profile), True

    def _api_exists(self, deployed: Path) -> bool:
        """Whether the API that `deployed` speaks of is here: a run before this one was cut off."""
        address = chalice_stage.api_url(json.loads(deployed.read_text()))
        api_id = urlsplit(address).netloc.split(".", 1)[0]
        try:
            with translated(f"API {api_id}"):
                self._client("apigateway").get_rest_api(restApiId=api_id)
        except Missing:
            return False
        return True

    def _say(self, line: str) -> None:
        if line.startswith(("Creating", "Updating", "Deleting")):
            self._report(Step(_APP, line, "IN_PROGRESS"))

    def _environment(self) -> dict[str, str]:
        """What sends another process to the same stage, as the same caller."""
        profile = self._profile
        with asking("your credentials"):
            credentials = self._session.get_credentials()
            if credentials is None:
                raise NoCredentialsError
            frozen = credentials.get_frozen_credentials()
        wanted = {
            "AWS_DEFAULT_REGION": profile.region,
            "AWS_ENDPOINT_URL": profile.endpoint_url,
            "AWS_ACCESS_KEY_ID": frozen.access_key,
            "AWS_SECRET_ACCESS_KEY": frozen.secret_key,
            "AWS_SESSION_TOKEN": frozen.token,
        }
        return {name: value for name, value in wanted.items() if value}


def at_endpoint(url: str, profile: StageProfile) -> str:
    """`url` of API Gateway, moved to the profile's endpoint when it has one.

    `https://<id>.execute-api.<region>.amazonaws.com/api` becomes
    `http://<id>.execute-api.<endpoint's host and port>/api`.
    """
    if profile.endpoint_url is None:
        return url
    address, endpoint = urlsplit(url), urlsplit(profile.endpoint_url)
    api_id = address.netloc.split(".", 1)[0]
    return f"{endpoint.scheme}://{api_id}.execute-api.{endpoint.netloc}{address.path}"
