"""What the admin API does: reads the record, and changes aliases by a person's word."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from chalicelib.decisions import activation, audience
from chalicelib.decisions.activation import Move, Stay
from chalicelib.errors import InvalidRequest, NotFound, quoted
from chalicelib.gateways.records import Records
from chalicelib.ids import is_deployment_id
from chalicelib.pointing import Pointing
from chalicelib.records import Alias, Deployment, Version, timestamp
from chalicelib.uploads import decision_order, is_alias

RECENT = 20  # deployments in a list
SALT_BYTES = 9  # 12 characters: what the router's record has room for
Decide = Callable[[Alias, datetime], Move | Stay]


@dataclass(frozen=True, slots=True)
class VersionPage:
    """Versions, newest first; `next` is the cursor of the following page, None on the last."""

    versions: tuple[Version, ...]
    next: int | None


class Admin:
    """The operations behind the routes."""

    def __init__(
        self,
        records: Records,
        pointing: Pointing,
        *,
        now: Callable[[], datetime],
        token: Callable[[int], str],
    ) -> None:
        """`token` gives a text of so many random bytes, as `secrets.token_urlsafe` does."""
        self._records = records
        self._pointing = pointing
        self._now = now
        self._token = token

    def versions(self, *, limit: int, below: int | None) -> VersionPage:
        """A page of `limit` versions, those under number `below` when given."""
        found = self._records.versions(limit=limit + 1, below=below)
        page = found[:limit]
        return VersionPage(page, page[-1].number if len(found) > limit else None)

    def version(self, number: int) -> Version:
        """One version. Raises NotFound."""
        return self._records.version(number)

    def aliases(self) -> tuple[Alias, ...]:
        """Every alias, by name."""
        return self._records.aliases()

    def deployment(self, deployment_id: str) -> Deployment:
        """One deployment. Raises NotFound."""
        known = is_deployment_id(deployment_id)
        deployment = self._records.deployment(deployment_id) if known else None
        if deployment is None:
            raise NotFound(f"There is no deployment {quoted(deployment_id)}.")
        return deployment

    def deployments(self) -> tuple[Deployment, ...]:
        """The newest 20 deployments, newest first."""
        return self._records.recent_deployments(RECENT)

    def switch(self, name: str, number: int, *, lock: bool | None, by: str) -> tuple[Alias, bool]:
        """Point `name` at version `number`; returns the alias and whether anything changed.

        Raises InvalidRequest for a name that cannot be an alias, NotFound, Conflict.
        """
        _check_alias(name)
        version = self._records.version(number)
        moment = self._now()
        alias, decision = self._pointing.point(
            name,
            lambda alias: activation.switch(
                alias,
                name,
                version,
                lock=lock,
                order=decision_order(moment),
                now=timestamp(moment),
                by=by,
            ),
        )
        return alias, isinstance(decision, Move) and decision.changes

    def rollback(self, name: str, *, leaving: int | None, by: str) -> tuple[Alias, bool]:
        """Point `name` at the version before; returns the alias and whether anything changed.

        Raises InvalidRequest for a name that cannot be an alias, NotFound, Conflict.
        """
        return self._change(
            name,
            lambda alias, moment: activation.rollback(
                alias,
                self._ready(alias),
                leaving=leaving,
                order=decision_order(moment),
                now=timestamp(moment),
                by=by,
            ),
        )

    def start_canary(self, name: str, number: int, percent: int, *, by: str) -> tuple[Alias, bool]:
        """Show version `number` to so many `percent` of the viewers of `name`; returns the alias
        and whether anything changed.

        Raises InvalidRequest for a name that cannot be an alias or a share that is none, NotFound,
        Conflict.
        """

        def decide(alias: Alias, moment: datetime) -> Move | Stay:
            # Read anew for each attempt: one is lost when the version is no longer ready.
            version = self._records.version(number)
            return audience.start_canary(
                alias,
                version,
                percent,
                order=decision_order(moment),
                now=timestamp(moment),
                by=by,
            )

        return self._change(name, decide)

    def end_canary(self, name: str, *, by: str) -> tuple[Alias, bool]:
        """End the canary of `name`, if there is one; returns and raises as `rollback`."""
        return self._change(
            name,
            lambda alias, moment: audience.end_canary(
                alias, order=decision_order(moment), now=timestamp(moment), by=by
            ),
        )

    def set_password(self, name: str, password: str, *, by: str) -> tuple[Alias, bool]:
        """Let only those see `name` who know `password`; returns and raises as `rollback`, and
        InvalidRequest for what cannot be a password."""
        salt = self._token(SALT_BYTES)
        return self._change(
            name,
            lambda alias, moment: audience.set_password(
                alias, password, salt=salt, now=timestamp(moment), by=by
            ),
        )

    def remove_password(self, name: str, *, by: str) -> tuple[Alias, bool]:
        """Let everybody see `name`; returns and raises as `rollback`."""
        return self._change(
            name,
            lambda alias, moment: audience.remove_password(alias, now=timestamp(moment), by=by),
        )

    def _change(self, name: str, decide: Decide) -> tuple[Alias, bool]:
        """Carry out what `decide` makes of the alias, which must exist, and of the present."""
        _check_alias(name)
        moment = self._now()

        def decide_now(alias: Alias | None) -> Move | Stay:
            if alias is None:
                raise NotFound(f"There is no alias {name}: see `decant status`.")
            return decide(alias, moment)

        alias, decision = self._pointing.point(name, decide_now)
        return alias, isinstance(decision, Move) and decision.changes

    def _ready(self, alias: Alias) -> frozenset[int]:
        ready = set()
        for number in reversed(alias.previous):
            if self._records.version(number).status == "ready":
                ready.add(number)
        return frozenset(ready)


def _check_alias(name: str) -> None:
    if not is_alias(name):
        raise InvalidRequest(
            f"{quoted(name)} cannot name an alias: "
            "use up to 63 lower-case letters, digits, hyphens."
        )
