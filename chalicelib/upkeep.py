"""What the admin API does beyond aliases: compare versions, repair the store, prune."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.decisions.comparing import Difference, Kind, compare
from chalicelib.deploy.prune import Leaving, Prune
from chalicelib.errors import NotFound
from chalicelib.gateways.functions import Functions
from chalicelib.gateways.records import Records
from chalicelib.manifest import Manifest
from chalicelib.manifests import Manifests
from chalicelib.repair import Repair, RepairReport


@dataclass(frozen=True, slots=True)
class Diff:
    """Totals by kind of change, and one page of the paths that differ; `next` is the last of them
    when more follow. A removed file counts with its size before, all others with that after."""

    files: Mapping[Kind, int]
    bytes: Mapping[Kind, int]
    page: tuple[Difference, ...]
    next: str | None


class Upkeep:
    """The operations behind `/diff`, `/repair` and `/prune`."""

    def __init__(
        self,
        records: Records,
        manifests: Manifests,
        prune: Prune,
        repair: Repair,
        functions: Functions,
        *,
        prune_function: str,
    ) -> None:
        self._records = records
        self._manifests = manifests
        self._prune = prune
        self._repair = repair
        self._functions = functions
        self._prune_function = prune_function

    def diff(self, before: int, after: int, *, limit: int, beyond: str | None) -> Diff:
        """How version `after` differs from `before`: at most `limit` paths, after `beyond`.

        Raises NotFound when one of them does not exist, or is not (or no longer) complete.
        """
        files: Counter[Kind] = Counter()
        sizes: Counter[Kind] = Counter()
        page: list[Difference] = []
        more = False
        for one in compare(self._manifest(before), self._manifest(after)):
            files[one.change] += 1
            sizes[one.change] += (one.bytes_before if one.bytes is None else one.bytes) or 0
            if one.change == "unchanged" or (beyond is not None and one.path <= beyond):
                continue
            if len(page) < limit:
                page.append(one)
            else:
                more = True
        return Diff(files, sizes, tuple(page), page[-1].path if more else None)

    def _manifest(self, number: int) -> Manifest:
        version = self._records.version(number)
        if version.status not in ("ready", "pruning"):
            raise NotFound(
                f"v{number} is {version.status}, so its files are not known: see `decant versions`."
            )
        return self._manifests.read(number)

    def repair(self) -> RepairReport:
        """Make the store what the record says."""
        return self._repair()

    def prunable(self) -> list[Leaving]:
        """What would be deleted now."""
        return self._prune.objects_of(self._prune.plan())

    def start_prune(self, by: str) -> None:
        """Have the prune function delete it; `by` is who wants it."""
        self._functions.start(self._prune_function, {"requested_by": by})
