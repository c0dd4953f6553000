"""All that an account keeps, at one moment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.alias_record import store_key
from chalicelib.gateways import rows
from chalicelib.manifest import decode, layer_prefix, manifest_key
from chalicelib.records import Alias, AuditEntry, Canary, Deployment, Version, timestamp
from tests.unit.world.account import GRACE, HOSTING, KEEP, Account
from tests.unit.world.driver import Files

_VOLATILE = ("updated_at",)


@dataclass(frozen=True, slots=True)
class Seen:
    """The records, the store's `items`, and the `generation` of the objects.

    `audit` is by alias, each in the order of the alias's revisions.
    """

    moment: datetime
    deployments: Mapping[str, Deployment]
    versions: Mapping[int, Version]
    aliases: Mapping[str, Alias]
    audit: Mapping[str, tuple[AuditEntry, ...]]
    items: Mapping[str, str]
    generation: int

    def shown(self, alias: str) -> int | None:
        """The version that the store's entry of `alias` names."""
        entry = self.items.get(store_key(alias))
        return None if entry is None else int(json.loads(entry)["version"])

    def canary(self, alias: str) -> Canary | None:
        """The canary that the store's entry of `alias` names."""
        found = json.loads(self.items.get(store_key(alias), "{}")).get("canary")
        return Canary(percent=found[0], version=found[1]) if found else None

    def entries(self) -> dict[str, str]:
        """The aliases' entries of the store: all that changes what viewers get."""
        return {k: v for k, v in self.items.items() if k.startswith(store_key(""))}

    def named(self) -> set[int]:
        """The versions whose tables the aliases' entries name."""
        found = set()
        for entry in map(json.loads, self.entries().values()):
            found |= {entry["version"], entry.get("fallback", entry)["version"]}
            found |= {*entry.get("canary", ())[1:]}
        return found

    def needed(self, moment: datetime) -> set[int]:
        """The versions that must not be deleted at `moment`, by what is recorded here."""
        since = timestamp(moment - GRACE)
        needed = {n for n, version in self.versions.items() if (version.ready_at or "") >= since}
        for alias in self.aliases.values():
            needed.update((*alias.shown, *alias.previous[-KEEP:]))
            needed.add(alias.fallback or alias.version)
        for version in self.versions.values():
            if version.status == "pending" and version.created_at >= since:
                needed.update(version.based_on or ())
        for entries in self.audit.values():
            for entry in entries:
                if entry.at >= since:
                    needed.update(n for n in (entry.replaced, entry.ended) if n is not None)
        for name in {version.alias for version in self.versions.values()}:
            kept = [n for n, v in self.versions.items() if v.alias == name and _complete(v)]
            needed.update(sorted(kept)[-KEEP:])
        return needed

    def idle(self, moment: datetime) -> set[int]:
        """The versions that nothing needs at `moment` and that are old enough to be deleted."""
        since = timestamp(moment - GRACE)
        old = {n for n, version in self.versions.items() if version.created_at < since}
        return old - self.needed(moment)


def _complete(version: Version) -> bool:
    return version.status in ("ready", "pruning") and version.ready_at is not None


def look(account: Account) -> Seen:
    """What `account` keeps now."""
    deployments, versions, aliases = {}, {}, {}
    audit: dict[str, list[tuple[int, AuditEntry]]] = {}
    for row in account.dynamo.rows():
        kind = row["pk"]["S"].partition("#")[0]
        if kind == "deployment":
            deployment = rows.read_deployment(row)
            deployments[deployment.id] = deployment
        elif kind == "versions":
            version = rows.read_version(row)
            versions[version.number] = version
        elif kind == "aliases":
            alias = rows.read_alias(row)
            aliases[alias.name] = alias
        elif kind == "audit":
            entry = rows.read_audit(row)
            revision = int(row["sk"]["S"].rpartition("#")[2])
            audit.setdefault(entry.alias, []).append((revision, entry))
    return Seen(
        account.clock.moment,
        deployments,
        versions,
        aliases,
        {name: tuple(e for _, e in sorted(found, key=_first)) for name, found in audit.items()},
        dict(account.kvs.items),
        account.objects.generation,
    )


def _first(pair: tuple[int, AuditEntry]) -> int:
    return pair[0]


def kept(account: Account) -> dict[str, Any]:
    """All that must be the same after a repetition, to be compared."""
    lasting = [
        {name: value for name, value in row.items() if name not in _VOLATILE}
        for row in account.dynamo.rows()
    ]
    hosting = {
        key: (stored.body, stored.headers)
        for key, stored in account.objects.contents(HOSTING).items()
    }
    return {"rows": lasting, "hosting": hosting, "store": dict(account.kvs.items)}


def problems(account: Account, number: int, files: Files) -> list[str]:
    """How what is stored of a version differs from `files`, by its manifest; empty if nowhere."""
    paper = account.objects.peek(HOSTING, manifest_key(number))
    if paper is None:
        return [f"v{number} has no manifest"]
    manifest = decode(paper.body)
    found = {file.path: file for file in manifest.files}
    wrong = [f"{path} is in one of zip and manifest" for path in found.keys() ^ files.keys()]
    for path in found.keys() & files.keys():
        stored = account.objects.peek(HOSTING, layer_prefix(found[path].layer) + path)
        if stored is None:
            wrong.append(f"{path} is not stored")
        elif stored.body != files[path]:
            wrong.append(f"{path} has other bytes")
        elif dict(stored.headers) != dict(found[path].headers):
            wrong.append(f"{path} has other headers")
    return sorted(wrong)
