"""What the executor and the build runner need from the machine they run on.

`RoleSession` makes ordinary signed AWS clients with a role's temporary credentials, so that the
role's policy decides about each call. The emulator's side of it is in ministack_seams.py.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import boto3
from botocore.config import Config

from decant.local.codepipeline.store import Scope

_CLIENT_CONFIG = Config(
    connect_timeout=5,
    read_timeout=60,
    retries={"mode": "standard", "total_max_attempts": 3},
    s3={"addressing_style": "path"},
)

_factory_lock = threading.Lock()  # boto3 sessions are not safe to make clients from in parallel
_factory: list[boto3.Session] = []


@dataclass(frozen=True, slots=True)
class Credentials:
    """Temporary credentials of one role session."""

    access_key_id: str
    secret_access_key: str
    session_token: str


class RoleSession:
    """A role that has been assumed; `close` makes its credentials worthless."""

    def __init__(
        self,
        credentials: Credentials,
        endpoint_url: str,
        region: str,
        revoke: Callable[[], None],
    ) -> None:
        """Use `credentials` against `endpoint_url`; `revoke` is called by `close`."""
        self._credentials = credentials
        self._endpoint_url = endpoint_url
        self._region = region
        self._clients: dict[str, Any] = {}
        self.close = revoke

    def client(self, service: str) -> Any:
        """An AWS client that acts as the role; one per service."""
        with _factory_lock:
            if service not in self._clients:
                if not _factory:
                    _factory.append(boto3.Session())
                self._clients[service] = _factory[0].client(
                    service,  # type: ignore[call-overload] # the name is not a literal here
                    region_name=self._region,
                    endpoint_url=self._endpoint_url,
                    aws_access_key_id=self._credentials.access_key_id,
                    aws_secret_access_key=self._credentials.secret_access_key,
                    aws_session_token=self._credentials.session_token,
                    config=_CLIENT_CONFIG,
                )
            return self._clients[service]

    def environment(self) -> Mapping[str, str]:
        """The variables with which a child process acts as the role."""
        return {
            "AWS_ACCESS_KEY_ID": self._credentials.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self._credentials.secret_access_key,
            "AWS_SESSION_TOKEN": self._credentials.session_token,
            "AWS_REGION": self._region,
            "AWS_DEFAULT_REGION": self._region,
            "AWS_ENDPOINT_URL": self._endpoint_url,
        }


class Platform(Protocol):
    """The local AWS, as far as the executor touches it without a signed call."""

    def assume(
        self, scope: Scope, role_arn: str, service: str, session_name: str, seconds: int
    ) -> RoleSession:
        """Act as the role for the service principal `service`.

        Raises ApiError(InvalidStructureException) when the role is missing or does not trust it.
        """

    def publish(
        self,
        scope: Scope,
        *,
        source: str,
        detail_type: str,
        resource: str,
        detail: Mapping[str, object],
    ) -> None:
        """Send an event to the default bus, as AWS itself does."""
