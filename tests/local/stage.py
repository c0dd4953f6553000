"""A stage on local AWS as tests see it: upload, follow, look at the edge, call the admin API."""

from __future__ import annotations

import io
import shutil
import time
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import urllib3

from chalicelib.errors import NotFound
from chalicelib.ids import deployment_id
from chalicelib.records import TERMINAL
from decant import bootstrap
from decant.admin_api import HttpAdminApi
from decant.answers import DeploymentAnswer
from decant.bootstrap import BootstrapResult
from decant.connection import Connection, client_config, session_for
from decant.local.process import LocalAws
from decant.profiles import StageProfile
from stacks.model import Step

CHECKOUT = Path(__file__).resolve().parents[2]
FOLLOW_SECONDS = 180  # a deployment takes 2 seconds, 12 with cold starts, minutes on a busy machine


def copy_app(to: Path) -> Path:
    """What `chalice deploy` needs, away from the checkout, which a test must not change."""
    (to / ".chalice").mkdir(parents=True)
    shutil.copy(CHECKOUT / ".chalice" / "base.json", to / ".chalice" / "base.json")
    for name in ("app.py", "requirements.txt"):
        shutil.copy(CHECKOUT / name, to / name)
    shutil.copytree(
        CHECKOUT / "chalicelib", to / "chalicelib", ignore=shutil.ignore_patterns("__pycache__")
    )
    return to


def zip_of(files: Mapping[str, str | bytes]) -> bytes:
    """A zip with these files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@dataclass(frozen=True)
class Uploaded:
    """One object version in the source bucket, and the deployment it becomes."""

    key: str
    version_id: str
    deployment_id: str


class Stage:
    """A bootstrapped stage."""

    def __init__(self, local: LocalAws, name: str, project: Path) -> None:
        self.local = local
        self.project = project
        self.profile = StageProfile.model_validate(local.profile_for(name))
        self.steps: list[Step] = []
        self.result = self.bootstrap()

    def bootstrap(self) -> BootstrapResult:
        """Run the bootstrap, for the first time or again."""
        return bootstrap.run(self.profile, self.steps.append, project=self.project)

    @cached_property
    def connection(self) -> Connection:
        """The operator's side."""
        return Connection(self.profile)

    @cached_property
    def api(self) -> HttpAdminApi:
        """The admin API, signed as root."""
        return self.connection.admin_api()

    def client(self, service: Any) -> Any:
        """A client of any AWS service, as root."""
        return session_for(self.profile).client(
            service, endpoint_url=self.profile.endpoint_url, config=client_config(self.profile)
        )

    @cached_property
    def bucket(self) -> dict[str, str]:
        """The stage's bucket names: source, artifact, hosting."""
        stack = self.client("cloudformation").describe_stacks(
            StackName=f"decant-{self.profile.stage}-edge"
        )
        outputs = {o["OutputKey"]: o["OutputValue"] for o in stack["Stacks"][0]["Outputs"]}
        return {
            name: outputs[f"{name.title()}Bucket"] for name in ("source", "artifact", "hosting")
        }

    def upload(
        self, content: bytes | Mapping[str, str | bytes], key: str = "production/site.zip"
    ) -> Uploaded:
        """Put a zip (or the zip of these files) into the source bucket."""
        body = content if isinstance(content, bytes) else zip_of(content)
        bucket = self.bucket["source"]
        answer = self.client("s3").put_object(Bucket=bucket, Key=key, Body=body)
        version_id = answer["VersionId"]
        return Uploaded(key, version_id, deployment_id(bucket, key, version_id))

    def follow(self, uploaded: Uploaded) -> DeploymentAnswer:
        """Wait until the deployment has ended; returns its record."""
        deadline = time.monotonic() + FOLLOW_SECONDS
        last: object = "no record"
        while time.monotonic() < deadline:
            try:
                answer = self.api.deployment(uploaded.deployment_id)
                last = answer
                if answer.status in TERMINAL:
                    return answer
            except NotFound:
                pass  # the event is on its way
            time.sleep(0.2)
        raise AssertionError(f"The deployment did not end: {last}")

    def deploy(
        self, content: bytes | Mapping[str, str | bytes], key: str = "production/site.zip"
    ) -> DeploymentAnswer:
        """Upload and wait."""
        return self.follow(self.upload(content, key))

    def get(
        self, path: str, method: str = "GET", headers: Mapping[str, str] | None = None
    ) -> urllib3.BaseHTTPResponse:
        """What a viewer gets at the edge. `callers.send` sends what no browser would, too."""
        site = urlsplit(self.local.record.site_url)
        with urllib3.HTTPConnectionPool(site.hostname or "", site.port) as pool:
            return pool.urlopen(
                method, path, headers=dict(headers or {}), redirect=False, retries=False
            )
