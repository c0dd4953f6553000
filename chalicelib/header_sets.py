"""The headers of many files in JSON: each set of them once, the files have its index."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

Headers = tuple[tuple[str, str], ...]  # (name in lower case, value) of one object


class HeaderSets:
    """Counts sets of headers in the order in which they come."""

    def __init__(self) -> None:
        self._indexes: dict[Headers, int] = {}

    def index(self, headers: Headers) -> int:
        """Where `headers` is among `documents`."""
        return self._indexes.setdefault(headers, len(self._indexes))

    def documents(self) -> list[dict[str, str]]:
        """Each set as a JSON object."""
        return [dict(pairs) for pairs in self._indexes]


def read_header_sets(documents: Iterable[Mapping[str, str]]) -> Sequence[Headers]:
    """The sets that `documents` held, by index."""
    return [tuple(pairs.items()) for pairs in documents]
