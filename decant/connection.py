"""The composition root of the operator's side: the only place that makes AWS clients there.

A `Connection` reaches one stage. Nothing is asked of the network before it is needed, and each
stack is described once.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from functools import cache, cached_property
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, NoCredentialsError

from chalicelib.errors import Missing
from decant.admin_api import HttpAdminApi
from decant.aws_errors import asking
from decant.local import resolver
from decant.profiles import StageProfile
from decant.signed_http import Endpoint, SignedHttp
from decant.uploader import S3Uploader

if TYPE_CHECKING:
    from botocore.credentials import ReadOnlyCredentials
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_s3 import S3Client

_CONNECT_TIMEOUT_SECONDS = 5
_READ_TIMEOUT_SECONDS = 60
_TRIES = 5


def session_for(profile: StageProfile) -> boto3.Session:
    """The AWS session that `profile` asks for. Raises AccessDenied when its AWS profile is unknown.

    Shared with the bootstrap, so that both sides sign in the same way.
    """
    with asking(f"the AWS profile {profile.profile}"):
        return boto3.Session(
            profile_name=profile.profile,
            region_name=profile.region,
            aws_access_key_id=profile.access_key_id,
            aws_secret_access_key=profile.secret_access_key,
        )


def client_config(profile: StageProfile) -> Config:
    """Timeouts and retries of every client.

    Below an address of one's own, buckets are named in the path: there is no DNS for them.
    """
    return Config(
        connect_timeout=_CONNECT_TIMEOUT_SECONDS,
        read_timeout=_READ_TIMEOUT_SECONDS,
        retries={"mode": "standard", "total_max_attempts": _TRIES},
        s3={"addressing_style": "path" if profile.endpoint_url else "auto"},
    )


def region_of_aws_settings(profile_name: str | None) -> str | None:
    """The region that AWS's own settings give for an AWS profile, None when they give none.

    Raises AccessDenied when the AWS profile is unknown.
    """
    with asking(f"the AWS profile {profile_name}"):
        return boto3.Session(profile_name=profile_name).region_name


class StackOutputs:
    """What the stage's two CloudFormation stacks say; each is described once."""

    def __init__(self, client: Callable[[], CloudFormationClient], stage: str) -> None:
        """`client` is called when the first output is asked for."""
        self._client = client
        self._stage = stage
        self.of = cache(self._describe)  # per instance: a stage's outputs live as long as it

    def get(self, stack: str, output: str) -> str:
        """The value of `output` of the stack called `stack`.

        Raises Missing when there is no such stack or output, AccessDenied, AwsError.
        """
        outputs = self.of(stack)
        if output not in outputs:
            raise Missing(
                f"The stack {stack} has no output {output}: "
                f"run `decant bootstrap --stage {self._stage}` again."
            )
        return outputs[output]

    def _describe(self, stack: str) -> Mapping[str, str]:
        with asking(f"the stack {stack}"):
            try:
                answer = self._client().describe_stacks(StackName=stack)
            except ClientError as error:
                # CloudFormation has no code of its own for this, only the sentence.
                if "does not exist" not in str(error):
                    raise
                raise Missing(
                    f"The stage {self._stage!r} has no stack {stack}: "
                    f"run `decant bootstrap --stage {self._stage}` first."
                ) from error
        found = answer["Stacks"][0].get("Outputs", [])
        return {item["OutputKey"]: item["OutputValue"] for item in found}


class Connection:
    """Reaches one stage. Addresses in the profile come before those of the stacks."""

    def __init__(self, profile: StageProfile) -> None:
        resolver.install()  # RFC 6761: what ends in `localhost` is this machine
        self.profile = profile
        self._outputs = StackOutputs(self._cloudformation, profile.stage)
        self._edge = f"decant-{profile.stage}-edge"
        self._pipeline = f"decant-{profile.stage}-pipeline"

    def site_url(self) -> str:
        """Where viewers see the site. Raises as `StackOutputs.get`."""
        return self.profile.site_url or self._outputs.get(self._edge, "SiteUrl")

    def api_url(self) -> str:
        """The admin API, without a `/` at the end. Raises as `StackOutputs.get`."""
        url = self.profile.api_url or self._outputs.get(self._pipeline, "ApiUrl")
        return url.rstrip("/")

    def admin_api(self) -> HttpAdminApi:
        """A client of the admin API. Raises as `StackOutputs.get`."""
        endpoint = Endpoint(self.api_url(), self.profile.region, self._credentials)
        return HttpAdminApi(SignedHttp(endpoint, time.sleep, random.random))

    def uploader(self) -> S3Uploader:
        """Uploads to the stage's source bucket. Raises as `StackOutputs.get`."""
        return S3Uploader(self._s3(), self._outputs.get(self._edge, "SourceBucket"))

    @cached_property
    def _session(self) -> boto3.Session:
        return session_for(self.profile)

    def _credentials(self) -> ReadOnlyCredentials:
        """Fresh for each request: those of a sign-in run out during a long wait."""
        with asking("your credentials"):
            credentials = self._session.get_credentials()
            if credentials is None:
                raise NoCredentialsError
            return credentials.get_frozen_credentials()

    def _s3(self) -> S3Client:
        return self._session.client(
            "s3", endpoint_url=self.profile.endpoint_url, config=client_config(self.profile)
        )

    def _cloudformation(self) -> CloudFormationClient:
        return self._session.client(
            "cloudformation",
            endpoint_url=self.profile.endpoint_url,
            config=client_config(self.profile),
        )
