"""Whether an address of a site leads to something in the end, redirects followed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote

from chalicelib.resolution import Answer, Asked, FileIndex, Found, Redirect, resolve
from chalicelib.route_table import encode_path
from chalicelib.rules.model import Redirect as Rule
from chalicelib.rules.patterns import is_pattern
from chalicelib.rules.redirect_table import site_path
from decant.preview.compiling import CompiledSite

_MOST_HOPS = 10  # fewer than any browser follows
_SCHEME_OR_HOST = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:|//)")


@dataclass
class Reach:
    """Follows addresses within one site; each answer is remembered."""

    site: CompiledSite
    _seen: dict[tuple[str, bool], bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.index: FileIndex = self.site.index()
        self._exact: dict[str, list[Rule]] = {}
        self._patterns: dict[str, list[Rule]] = {}  # by first segment, "" where that is one
        for rule in self.site.manifest.rules.redirects:
            if is_pattern(rule.source):
                first = rule.source[1:].partition("/")[0]
                self._patterns.setdefault("" if is_pattern(first) else first, []).append(rule)
            else:
                self._exact.setdefault(site_path(rule.source), []).append(rule)

    def leads_nowhere(self, address: str, *, navigation: bool) -> bool:
        """Whether who goes to `address`, a path of the site with whatever follows it, ends at
        nothing or an error page. Other hosts are not asked, so there is always something.

        `navigation`: a browser opens it, rather than a page that needs it.
        """
        key = (address.partition("#")[0], navigation)
        if key not in self._seen:
            self._seen[key] = self._nowhere(*key)
        return self._seen[key]

    def _nowhere(self, address: str, navigation: bool) -> bool:
        query = ""
        for _ in range(_MOST_HOPS):
            path, _, own = address.partition("#")[0].partition("?")
            query = own or query
            answer = self.answer(path, query, navigation=navigation)
            if not isinstance(answer, Redirect):
                return not isinstance(answer, Found) or answer.status >= 400
            if _SCHEME_OR_HOST.match(answer.location):
                return False
            address = answer.location
        return True  # it goes in a circle

    def answer(self, path: str, query: str = "", *, navigation: bool = False) -> Answer:
        """What one request gives. Only rules that may match are tried: there may be thousands."""
        asked = Asked(path, navigation, dict(_pairs(query)))
        return resolve(
            self.index,
            self.site.routing.rules,
            asked,
            redirects=self._candidates(path),
            version=self.site.manifest.version,
        )

    def file_at(self, path: str) -> Answer:
        """What one request would give, were there no redirects."""
        return resolve(self.index, self.site.routing.rules, Asked(path))

    def _candidates(self, path: str) -> list[Rule]:
        """The rules that may match `path`, in their order."""
        names = [name for name in unquote(path).split("/") if name] or [""]
        first = encode_path(names[0])
        found = [*self._exact.get("/".join(names), ()), *self._patterns.get(first, ())]
        if first:
            found += self._patterns.get("", ())
        return sorted(found, key=lambda rule: rule.line)


def _pairs(query: str) -> Iterator[tuple[str, str]]:
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if part:
            yield name, value
