"""The rows of the DynamoDB table: keys, and records to attributes and back.

| pk                | sk             | row                       |
|-------------------|----------------|---------------------------|
| `site`            | `counter`      | the last version number   |
| `deployment#<id>` | `deployment`   | a deployment              |
| `versions`        | `v0000000042`  | a version                 |
| `aliases`         | `<alias>`      | an alias                  |
| `audit`           | `<time>#<n>`   | who decided what          |

Deployments also carry `recent` = "deployments", the partition of the index `recent`, sorted by
`created_at`.
"""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from typing import Any, cast

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from chalicelib.records import (
    Alias,
    AuditEntry,
    Canary,
    Deployment,
    EdgeRules,
    Left,
    Password,
    Source,
    Version,
)

Row = dict[str, Any]  # attribute name -> DynamoDB's typed value, such as {"S": "v1"}
RECENT_INDEX = "recent"

_serializer = TypeSerializer()
_deserializer = TypeDeserializer()


def key(pk: str, sk: str) -> Row:
    """A primary key."""
    return {"pk": {"S": pk}, "sk": {"S": sk}}


COUNTER = key("site", "counter")


def deployment_key(deployment_id: str) -> Row:
    """Where a deployment is kept."""
    return key(f"deployment#{deployment_id}", "deployment")


def version_key(number: int) -> Row:
    """Where a version is kept; the number is padded so that the rows sort."""
    return key("versions", f"v{number:010d}")


def alias_key(name: str) -> Row:
    """Where an alias is kept."""
    return key("aliases", name)


def value(python: object) -> Any:
    """One Python value as DynamoDB's typed value."""
    return _serializer.serialize(_plain(python))


def _plain(python: object) -> object:
    if isinstance(python, tuple):
        return [_plain(item) for item in python]
    if isinstance(python, dict):
        return {name: _plain(item) for name, item in python.items()}
    return python


def _attributes(record: Any) -> Row:
    return {name: value(item) for name, item in asdict(record).items() if item is not None}


def _read(row: Row) -> dict[str, Any]:
    return {name: _number(_deserializer.deserialize(item)) for name, item in row.items()}


def _number(python: Any) -> Any:
    if isinstance(python, Decimal):
        return int(python)
    if isinstance(python, list):
        return tuple(_number(item) for item in python)
    if isinstance(python, dict):
        return {name: _number(item) for name, item in python.items()}
    return python


def deployment_row(deployment: Deployment) -> Row:
    """A deployment's row. `shards_done` is counted from a set of shard numbers, not stored."""
    attributes = _attributes(deployment)
    del attributes["shards_done"]
    recent = {"recent": {"S": "deployments"}}
    return deployment_key(deployment.id) | recent | attributes


def read_deployment(row: Row) -> Deployment:
    """The deployment in `row`."""
    fields = _read(row)
    done = cast(set[Decimal], fields.pop("done_shards", set()))
    for name in ("pk", "sk", "recent"):
        fields.pop(name, None)
    fields["source"] = Source(**fields["source"])
    return Deployment(**fields, shards_done=len(done))


def version_row(version: Version) -> Row:
    """A version's row."""
    return version_key(version.number) | _attributes(version)


def read_version(row: Row) -> Version:
    """The version in `row`."""
    fields = _read(row)
    del fields["pk"], fields["sk"]
    if "rules" in fields:
        fields["rules"] = EdgeRules(**fields["rules"])
    return Version(**fields)


def alias_row(alias: Alias) -> Row:
    """An alias's row."""
    return alias_key(alias.name) | _attributes(alias)


def read_alias(row: Row) -> Alias:
    """The alias in `row`."""
    fields = _read(row)
    del fields["pk"], fields["sk"]
    fields["left"] = tuple(Left(**one) for one in fields.get("left", ()))
    if "canary" in fields:
        fields["canary"] = Canary(**fields["canary"])
    if "password" in fields:
        fields["password"] = Password(**fields["password"])
    return Alias(**fields)


def audit_row(entry: AuditEntry, revision: int) -> Row:
    """An audit entry's row; the alias's `revision` keeps entries of one millisecond apart."""
    return key("audit", f"{entry.at}#{entry.alias}#{revision}") | _attributes(entry)


def read_audit(row: Row) -> AuditEntry:
    """The audit entry in `row`."""
    fields = _read(row)
    del fields["pk"], fields["sk"]
    if "canary" in fields:
        fields["canary"] = Canary(**fields["canary"])
    return AuditEntry(**fields)
