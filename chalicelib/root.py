"""The composition root: the only place that makes AWS clients and reads clock and randomness.

Each Lambda function builds what it uses, once per process, on its first call.
"""

from __future__ import annotations

import random
import secrets
import time
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import NoCredentialsError
from botocore.httpsession import get_cert_path

from chalicelib.admin import Admin
from chalicelib.api import Api
from chalicelib.archive import Limits
from chalicelib.backoff import Backoff
from chalicelib.deploy.activate import Activate
from chalicelib.deploy.copy import Copy
from chalicelib.deploy.fail import Fail
from chalicelib.deploy.finish import Finish
from chalicelib.deploy.layout import Layout
from chalicelib.deploy.plan import Plan
from chalicelib.deploy.prune import Prune
from chalicelib.deploy.receive import Receive
from chalicelib.deploy.window import THREADS
from chalicelib.gateways.functions import Functions
from chalicelib.gateways.objects import Objects
from chalicelib.gateways.pipelines import Pipelines
from chalicelib.gateways.puts import BASE_DELAY_SECONDS, MAX_DELAY_SECONDS, Identity, Puts
from chalicelib.gateways.records import Records
from chalicelib.gateways.store import KeyValueStore
from chalicelib.manifests import Manifests
from chalicelib.pointing import Pointing
from chalicelib.records import timestamp
from chalicelib.repair import Repair
from chalicelib.repeats import Repeats
from chalicelib.settings import Settings, load_settings
from chalicelib.tables import Tables
from chalicelib.upkeep import Upkeep

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# Retries with jitter for throttling and server errors; connections for Copy's threads.
_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 6},
    max_pool_connections=THREADS + 4,
    connect_timeout=5,  # seconds
    read_timeout=20,  # seconds; the shortest function lives 29
)


_BACKOFF = Backoff(time.sleep, random.random)


def _now() -> datetime:
    return datetime.now(UTC)


def _timestamp() -> str:
    return timestamp(_now())


class Root:
    """Everything a Lambda function may need, made when first asked for."""

    @cached_property
    def settings(self) -> Settings:
        """The function's settings. Raises InvalidRequest when the environment is incomplete."""
        return load_settings()

    @cached_property
    def _dynamodb(self) -> DynamoDBClient:
        return boto3.client("dynamodb", config=_CONFIG)

    @cached_property
    def _objects(self) -> Objects:
        session = botocore.session.get_session()
        client = boto3.Session(botocore_session=session).client("s3", config=_CONFIG)

        def identity() -> Identity:
            credentials = session.get_credentials()
            if credentials is None:
                raise NoCredentialsError
            frozen = credentials.get_frozen_credentials()
            return Identity(frozen.access_key or "", frozen.secret_key or "", frozen.token)

        puts = Puts(
            client,
            identity,
            ca_bundle=session.get_config_variable("ca_bundle") or str(get_cert_path(True)),
            now=_now,
            backoff=Backoff(time.sleep, random.random, BASE_DELAY_SECONDS, MAX_DELAY_SECONDS),
        )
        return Objects(client, puts)

    @cached_property
    def records(self) -> Records:
        """The record in DynamoDB."""
        return Records(self._dynamodb, self.settings.table, now=_timestamp, backoff=_BACKOFF)

    @cached_property
    def pipelines(self) -> Pipelines:
        """CodePipeline."""
        return Pipelines(boto3.client("codepipeline", config=_CONFIG))

    @cached_property
    def _store(self) -> KeyValueStore:
        client = boto3.client("cloudfront-keyvaluestore", config=_CONFIG)
        return KeyValueStore(client, self.settings.store_arn, backoff=_BACKOFF)

    @cached_property
    def _pointing(self) -> Pointing:
        return Pointing(
            self.records,
            self._store,
            self._tables,
            carry=self.settings.carry,
            backoff=_BACKOFF,
        )

    @cached_property
    def _manifests(self) -> Manifests:
        return Manifests(self._objects, self.settings.hosting_bucket)

    @cached_property
    def _tables(self) -> Tables:
        return Tables(self._store, self.records, self._manifests, now=_now)

    @cached_property
    def _limits(self) -> Limits:
        return Limits(total_bytes=self.settings.max_site_bytes, files=self.settings.max_files)

    @cached_property
    def repeats(self) -> Repeats:
        """Answers repeated requests as the first one was answered."""
        return Repeats(self.settings.table, self._dynamodb)

    @cached_property
    def receive(self) -> Receive:
        """The stage behind `on_upload`."""
        return Receive(
            self._objects,
            self.records,
            self.pipelines,
            pipeline=self.settings.release_pipeline,
            limits=self._limits,
            now=_timestamp,
        )

    @cached_property
    def plan(self) -> Plan:
        """The stage Plan."""
        return Plan(
            self._objects,
            self.records,
            self._manifests,
            artifact_bucket=self.settings.artifact_bucket,
            limits=self._limits,
        )

    @cached_property
    def copy(self) -> Copy:
        """The stage Copy."""
        return Copy(
            self._objects,
            self.records,
            artifact_bucket=self.settings.artifact_bucket,
            hosting_bucket=self.settings.hosting_bucket,
        )

    @cached_property
    def finish(self) -> Finish:
        """The stage Finish."""
        hosting = self.settings.hosting_bucket
        return Finish(
            self._objects,
            self.records,
            self._manifests,
            self._tables,
            Layout(self._objects, self._tables, hosting_bucket=hosting),
            artifact_bucket=self.settings.artifact_bucket,
            hosting_bucket=hosting,
            carry=self.settings.carry,
            now=_now,
        )

    @cached_property
    def activate(self) -> Activate:
        """The stage Activate."""
        return Activate(self.records, self._pointing, now=_timestamp)

    @cached_property
    def prune(self) -> Prune:
        """The stage Prune."""
        return Prune(
            self._objects,
            self.records,
            self._manifests,
            self._pointing,
            hosting_bucket=self.settings.hosting_bucket,
            retention=self.settings.retention,
            now=_now,
        )

    @cached_property
    def fail(self) -> Fail:
        """The stage Fail."""
        return Fail(self.records)

    @cached_property
    def api(self) -> Api:
        """The admin API."""
        return Api(
            Admin(self.records, self._pointing, now=_now, token=secrets.token_urlsafe),
            Upkeep(
                self.records,
                self._manifests,
                self.prune,
                Repair(self.records, self._store, self._pointing, clock=time.monotonic),
                Functions(boto3.client("lambda", config=_CONFIG)),
                prune_function=self.settings.prune_function,
            ),
        )


root = Root()
