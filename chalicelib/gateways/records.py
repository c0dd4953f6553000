"""DynamoDB: the record of deployments, versions, aliases and the audit log.

What must hold together is written in one transaction; every change of an alias is conditional on
the revision that was read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from chalicelib.backoff import Backoff
from chalicelib.decisions.activation import Move
from chalicelib.decisions.sharing import named_by
from chalicelib.errors import NotFound, PreconditionFailed
from chalicelib.gateways import rows
from chalicelib.gateways.translate import translated
from chalicelib.records import (
    TERMINAL,
    Alias,
    AuditEntry,
    Deployment,
    DeploymentStatus,
    Version,
    VersionStatus,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

# Condition on a deployment's row: it is there and has not ended.
_ENDED = {f":t{n}": {"S": status} for n, status in enumerate(sorted(TERMINAL))}
_NOT_ENDED = f"attribute_exists(pk) AND NOT #status IN ({', '.join(_ENDED)})"
_STATUS = {"#status": "status"}

ATTEMPTS = 10  # two uploads at once lose a race or two; ten in a row means something is wrong


class Records:
    """Reads and writes the stage's table."""

    def __init__(
        self, client: DynamoDBClient, table: str, *, now: Callable[[], str], backoff: Backoff
    ) -> None:
        self._client = client
        self._table = table
        self._now = now
        self._backoff = backoff

    # Reading ---------------------------------------------------------------------------------

    def _get(self, key: rows.Row, what: str) -> rows.Row | None:
        with translated(what):
            answer = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        return answer.get("Item")

    def _query(self, **query: Any) -> Iterator[rows.Row]:
        pages = self._client.get_paginator("query")
        with translated("the table of records"):
            for page in pages.paginate(TableName=self._table, **query):
                yield from page["Items"]

    def deployment(self, deployment_id: str) -> Deployment | None:
        """The deployment, or None."""
        row = self._get(rows.deployment_key(deployment_id), f"deployment {deployment_id}")
        return rows.read_deployment(row) if row else None

    def recent_deployments(self, limit: int) -> tuple[Deployment, ...]:
        """The newest `limit` deployments, newest first (read from an index: seconds behind)."""
        with translated("the list of deployments"):
            answer = self._client.query(
                TableName=self._table,
                IndexName=rows.RECENT_INDEX,
                KeyConditionExpression="recent = :all",
                ExpressionAttributeValues={":all": {"S": "deployments"}},
                ScanIndexForward=False,
                Limit=limit,
            )
        return tuple(rows.read_deployment(row) for row in answer["Items"])

    def version(self, number: int) -> Version:
        """The version. Raises NotFound."""
        row = self._get(rows.version_key(number), f"version v{number}")
        if row is None:
            raise NotFound(f"There is no version v{number}: see `decant versions`.")
        return rows.read_version(row)

    def versions(
        self, *, limit: int | None = None, below: int | None = None
    ) -> tuple[Version, ...]:
        """Versions, newest first; only numbers under `below` and at most `limit` when given."""
        query: dict[str, Any] = {
            "KeyConditionExpression": "pk = :versions",
            "ExpressionAttributeValues": {":versions": {"S": "versions"}},
            "ScanIndexForward": False,
            "ConsistentRead": True,
        }
        if below is not None:
            query["KeyConditionExpression"] += " AND sk < :below"
            query["ExpressionAttributeValues"][":below"] = rows.version_key(below)["sk"]
        if limit is not None:
            query["PaginationConfig"] = {"MaxItems": limit, "PageSize": limit}
        return tuple(rows.read_version(row) for row in self._query(**query))

    def alias(self, name: str) -> Alias | None:
        """The alias, or None."""
        row = self._get(rows.alias_key(name), f"alias {name}")
        return rows.read_alias(row) if row else None

    def aliases(self) -> tuple[Alias, ...]:
        """Every alias, by name."""
        found = self._query(
            KeyConditionExpression="pk = :aliases",
            ExpressionAttributeValues={":aliases": {"S": "aliases"}},
            ConsistentRead=True,
        )
        return tuple(rows.read_alias(row) for row in found)

    def audit(self, *, since: str) -> tuple[AuditEntry, ...]:
        """The audit log from the time `since` on, oldest first."""
        found = self._query(
            KeyConditionExpression="pk = :audit AND sk >= :since",
            ExpressionAttributeValues={":audit": {"S": "audit"}, ":since": {"S": since}},
            ConsistentRead=True,
        )
        return tuple(rows.read_audit(row) for row in found)

    # Writing ---------------------------------------------------------------------------------

    def add_refused(self, deployment: Deployment) -> None:
        """Record a refused upload; a record that is already there stays."""
        try:
            with translated(f"deployment {deployment.id}"):
                self._client.put_item(
                    TableName=self._table,
                    Item=rows.deployment_row(deployment),
                    ConditionExpression="attribute_not_exists(pk)",
                )
        except PreconditionFailed:
            return  # the same event, delivered before

    def add_accepted(
        self, accept: Callable[[int], tuple[Deployment, Version]], deployment_id: str
    ) -> Deployment:
        """Take the next version number and record the deployment with it, all or nothing.

        `accept` makes both records from the number. A deployment that is already recorded is
        returned as it is and takes no number: the same event may arrive any number of times.
        """
        for attempt in range(ATTEMPTS):
            known = self.deployment(deployment_id)
            if known is not None:
                return known
            last = self._counter()
            deployment, version = accept(last + 1)
            try:
                self._accept(last, deployment, version)
                return deployment
            except PreconditionFailed:
                # Another upload took this number, or this deployment is recorded now.
                self._backoff.wait(attempt)
        raise PreconditionFailed("Too many uploads at once took version numbers: retry.")

    def _counter(self) -> int:
        row = self._get(rows.COUNTER, "the version counter")
        return int(row["last"]["N"]) if row else 0

    def _accept(self, last: int, deployment: Deployment, version: Version) -> None:
        absent = "attribute_not_exists(pk)"
        with translated("the version counter"):
            self._client.transact_write_items(
                TransactItems=[
                    {
                        "Update": {
                            "TableName": self._table,
                            "Key": rows.COUNTER,
                            "UpdateExpression": "SET #last = :next",
                            "ConditionExpression": f"{absent} OR #last = :last",
                            "ExpressionAttributeNames": {"#last": "last"},
                            "ExpressionAttributeValues": {
                                ":next": rows.value(last + 1),
                                ":last": rows.value(last),
                            },
                        }
                    },
                    {
                        "Put": {
                            "TableName": self._table,
                            "Item": rows.deployment_row(deployment),
                            "ConditionExpression": absent,
                        }
                    },
                    {
                        "Put": {
                            "TableName": self._table,
                            "Item": rows.version_row(version),
                            "ConditionExpression": absent,
                        }
                    },
                ]
            )

    def progress(
        self, deployment_id: str, status: DeploymentStatus, **facts: str | int | tuple[str, ...]
    ) -> bool:
        """Set the status, and further attributes, unless the deployment has already ended.

        Returns False, and changes nothing, when it has: a repeated task cannot reopen it. One that
        goes on well loses the reason of an attempt that failed on the way.
        """
        names = {f"#{name}": name for name in facts}
        sets = "".join(f", #{name} = :{name}" for name in facts)
        past = status == "finishing" or status in TERMINAL
        well = " REMOVE reason" if past and "reason" not in facts else ""
        return self._update_open(
            deployment_id,
            f"SET #status = :status, updated_at = :now{sets}{well}",
            names,
            {
                ":status": {"S": status},
                ":now": {"S": self._now()},
                **{f":{name}": rows.value(fact) for name, fact in facts.items()},
            },
        )

    def _update_open(
        self, deployment_id: str, update: str, names: dict[str, str], values: rows.Row
    ) -> bool:
        """Update a deployment's row unless the deployment has ended; returns whether it was."""
        try:
            with translated(f"deployment {deployment_id}"):
                self._client.update_item(
                    TableName=self._table,
                    Key=rows.deployment_key(deployment_id),
                    UpdateExpression=update,
                    ConditionExpression=_NOT_ENDED,
                    ExpressionAttributeNames=_STATUS | names,
                    ExpressionAttributeValues={**_ENDED, **values},
                )
        except PreconditionFailed:
            return False
        return True

    def explain(self, deployment_id: str, reason: str) -> None:
        """Keep why an attempt failed, for Fail to find; not when the deployment has ended."""
        self._update_open(
            deployment_id,
            "SET #reason = :reason",
            {"#reason": "reason"},
            {":reason": {"S": reason}},
        )

    def note(self, deployment_id: str, **facts: str) -> None:
        """Set attributes of a deployment that have no value yet; those that have keep it."""
        for name, fact in facts.items():
            with translated(f"deployment {deployment_id}"):
                self._client.update_item(
                    TableName=self._table,
                    Key=rows.deployment_key(deployment_id),
                    UpdateExpression="SET #name = if_not_exists(#name, :fact)",
                    ExpressionAttributeNames={"#name": name},
                    ExpressionAttributeValues={":fact": rows.value(fact)},
                )

    def shard_done(self, deployment_id: str, shard: int) -> None:
        """Add `shard` to the set of shards that are stored: the same one counts once.

        A deployment that has ended stays as it is.
        """
        self._update_open(
            deployment_id,
            "ADD done_shards :shard SET updated_at = :now",
            {},
            {":shard": {"NS": [str(shard)]}, ":now": {"S": self._now()}},
        )

    def put_version(self, version: Version, *, expect: VersionStatus) -> None:
        """Replace a version whose status is still `expect`. Raises PreconditionFailed."""
        with translated(f"version v{version.number}"):
            self._client.put_item(
                TableName=self._table,
                Item=rows.version_row(version),
                ConditionExpression="#status = :expect",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues={":expect": {"S": expect}},
            )

    def base_on(self, number: int, sources: tuple[int, ...]) -> tuple[int, ...]:
        """Decide, once and for all, which versions the pending version `number` is based on.

        Returns what was decided: of `sources` those that are ready, or what an earlier call wrote.
        From then on none of them is deleted. Raises PreconditionFailed when the version is not
        pending any more, or when its sources change too often.
        """
        for attempt in range(ATTEMPTS):
            known = self.version(number)
            if known.based_on is not None:
                return known.based_on
            ready = tuple(n for n in sources if self.version(n).status == "ready")
            try:
                self._base_on(number, ready)
                return ready
            except PreconditionFailed:
                if known.status != "pending":
                    raise
                self._backoff.wait(attempt)
        raise PreconditionFailed(f"The versions that v{number} is based on change: retry.")

    def _base_on(self, number: int, sources: tuple[int, ...]) -> None:
        with translated(f"version v{number}"):
            self._client.transact_write_items(
                TransactItems=[
                    {
                        "Update": {
                            "TableName": self._table,
                            "Key": rows.version_key(number),
                            "UpdateExpression": "SET based_on = :sources",
                            "ConditionExpression": (
                                "#status = :pending AND attribute_not_exists(based_on)"
                            ),
                            "ExpressionAttributeNames": _STATUS,
                            "ExpressionAttributeValues": {
                                ":sources": rows.value(sources),
                                ":pending": {"S": "pending"},
                            },
                        }
                    },
                    *(self._is_ready(source) for source in sources),
                ]
            )

    def _is_ready(self, number: int) -> TransactWriteItemTypeDef:
        return {
            "ConditionCheck": {
                "TableName": self._table,
                "Key": rows.version_key(number),
                "ConditionExpression": "#status = :ready",
                "ExpressionAttributeNames": _STATUS,
                "ExpressionAttributeValues": {":ready": {"S": "ready"}},
            }
        }

    def move(self, move: Move) -> None:
        """Write an alias and its audit entry, if the alias is as it was read, and the versions
        that it names are ready: its own, its canary's, its fallback.

        A deployment's own move is written only while that deployment goes on.
        Raises PreconditionFailed when any of it has changed: read again, decide again.
        """
        alias = move.alias
        with translated(f"alias {alias.name}"):
            self._client.transact_write_items(
                TransactItems=[
                    {
                        "Put": {
                            "TableName": self._table,
                            "Item": rows.alias_row(alias),
                            "ConditionExpression": "attribute_not_exists(pk) OR revision = :seen",
                            "ExpressionAttributeValues": {":seen": rows.value(alias.revision - 1)},
                        }
                    },
                    *(self._is_ready(number) for number in named_by(alias)),
                    {
                        "Put": {
                            "TableName": self._table,
                            "Item": rows.audit_row(move.audit, alias.revision),
                        }
                    },
                    *self._still_going(move.audit.deployment_id),
                ]
            )

    def _still_going(self, deployment_id: str | None) -> list[TransactWriteItemTypeDef]:
        if deployment_id is None:
            return []
        return [
            {
                "ConditionCheck": {
                    "TableName": self._table,
                    "Key": rows.deployment_key(deployment_id),
                    "ConditionExpression": _NOT_ENDED,
                    "ExpressionAttributeNames": _STATUS,
                    "ExpressionAttributeValues": _ENDED,
                }
            }
        ]
