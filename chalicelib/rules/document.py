"""The rules of a version as plain JSON values: in its manifest, and between Plan and Finish."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from chalicelib.rules.model import Redirect, SiteRules, SiteSettings


def encode_rules(rules: SiteRules) -> dict[str, Any]:
    """`{"settings": {…}, "single_page": …, "redirects": [[line, source, …], …]}`: the rules are
    arrays, since there may be tens of thousands."""
    return {
        "settings": asdict(rules.settings),
        "single_page": rules.single_page,
        "redirects": [
            [r.line, r.source, r.target, r.status, r.forced, r.query, r.navigation]
            for r in rules.redirects
        ],
    }


def decode_rules(document: dict[str, Any]) -> SiteRules:
    """What `encode_rules` made. Raises LookupError, TypeError, ValueError for anything else."""
    settings = dict(document["settings"])
    keep = settings.pop("keep")
    cache = tuple((pattern, value) for pattern, value in settings.pop("cache"))
    return SiteRules(
        SiteSettings(**settings, cache=cache, keep=tuple(keep) if keep else None),
        tuple(_redirect(*row) for row in document["redirects"]),
        document["single_page"],
    )


def _redirect(
    line: int,
    source: str,
    target: str,
    status: int,
    forced: bool,
    query: list[list[str]],
    navigation: bool,
) -> Redirect:
    conditions = tuple((name, value) for name, value in query)
    return Redirect(line, source, target, status, forced, conditions, navigation)
