"""The account: the stand-ins, and the real stages of the engine on them.

The only place of these tests that knows what the stages are made of; compare chalicelib/root.py.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from chalicelib.admin import Admin
from chalicelib.archive import Limits
from chalicelib.backoff import Backoff
from chalicelib.decisions.retention import Keep, Retention
from chalicelib.deploy.activate import Activate
from chalicelib.deploy.copy import Copy
from chalicelib.deploy.fail import Fail
from chalicelib.deploy.finish import Finish
from chalicelib.deploy.layout import Layout
from chalicelib.deploy.plan import Plan
from chalicelib.deploy.prune import Prune
from chalicelib.deploy.receive import Receive
from chalicelib.gateways.records import Records
from chalicelib.gateways.store import KeyValueStore
from chalicelib.manifests import Manifests
from chalicelib.pointing import Pointing
from chalicelib.tables import Tables
from tests.unit.world.clock import Clock
from tests.unit.world.dynamo import MemoryDynamo
from tests.unit.world.faults import Faults
from tests.unit.world.kvs import MemoryKvs
from tests.unit.world.objects import MemoryObjects
from tests.unit.world.pipelines import MemoryPipelines

SOURCE, ARTIFACTS, HOSTING = "source", "artifacts", "hosting"
STORE_ARN = "arn:aws:cloudfront::000000000000:key-value-store/world"
# Few versions and keys a page, so that short histories prune and short lists have pages.
KEEP, GRACE, PAGE_KEYS = 2, timedelta(hours=24), 3
CARRY = timedelta(days=7)
_LIMITS = Limits()


class Account:
    """One stage in an account of its own. `close` it."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.faults = Faults()
        self.objects = MemoryObjects(
            self.faults,
            self.clock.now,
            (SOURCE, ARTIFACTS, HOSTING),
            versioned=(SOURCE,),
            page_keys=PAGE_KEYS,
        )
        self.dynamo = MemoryDynamo(self.faults)
        self.kvs = MemoryKvs(self.faults, STORE_ARN)
        self.pipelines = MemoryPipelines(self.faults)
        self._make_stages()

    def _make_stages(self) -> None:
        backoff = Backoff(self.clock.sleep, lambda: 0.5)
        objects, stamp = self.objects, self.clock.stamp
        papers = {"artifact_bucket": ARTIFACTS}
        both = {"artifact_bucket": ARTIFACTS, "hosting_bucket": HOSTING}
        self.records = Records(
            cast(Any, self.dynamo), self.dynamo.table, now=stamp, backoff=backoff
        )
        self.store = KeyValueStore(cast(Any, self.kvs), STORE_ARN, backoff=backoff)
        records = self.records
        now = self.clock.now
        manifests = Manifests(objects, HOSTING)
        self.tables = tables = Tables(self.store, records, manifests, now=now)
        self.layout = layout = Layout(objects, tables, hosting_bucket=HOSTING)
        self.pointing = Pointing(records, self.store, tables, carry=CARRY, backoff=backoff)
        self.receive = Receive(
            objects, records, self.pipelines, pipeline="release", limits=_LIMITS, now=stamp
        )
        self.plan = Plan(objects, records, manifests, limits=_LIMITS, **papers)
        self.copy = Copy(objects, records, **both)
        self.finish = Finish(
            objects, records, manifests, tables, layout, carry=CARRY, now=now, **both
        )
        self.activate = Activate(records, self.pointing, now=stamp)
        self.prune = Prune(
            objects,
            records,
            manifests,
            self.pointing,
            hosting_bucket=HOSTING,
            retention=Retention(Keep(KEEP, timedelta(0)), GRACE),
            now=now,
        )
        self.fail = Fail(records)
        self.admin = Admin(
            records, self.pointing, now=self.clock.now, token=lambda size: "s" * (size * 4 // 3)
        )

    def close(self) -> None:
        """Forget what is kept outside this object."""
        self.dynamo.close()
