"""How a sentence is written down, and how it is held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from chalicelib.rules.model import Dialect
from decant.preview.compiling import Overrides
from decant.preview.site import Answer, LocalSite
from tests.unit.decant.preview.folders import get, site_of

NAVIGATION = {"sec-fetch-mode": "navigate"}


@dataclass(frozen=True, slots=True)
class Sentence:
    """`says` is the rule. `gets` are addresses and what a GET of each gives, as `short` writes it.

    `files` are the site's beside index.html, `redirects` and `headers` its _redirects and _headers,
    `settings` its decant.toml, `sent` the headers of each request. `told` is part of a finding.
    """

    says: str
    gets: Mapping[str, str]
    redirects: str = ""
    headers: str = ""
    files: Sequence[str] = ()
    settings: str = ""
    sent: Mapping[str, str] = field(default_factory=dict)
    told: str = ""


def each(*sentences: Sentence) -> pytest.MarkDecorator:
    """A test for each sentence, called by it."""
    ids = [sentence.says for sentence in sentences]
    assert len(set(ids)) == len(ids), "two sentences are the same"
    return pytest.mark.parametrize("sentence", sentences, ids=ids)


def hold(sentence: Sentence, place: Path, dialect: Dialect = "cloudflare") -> None:
    """Assert what the sentence says of a site at `place`."""
    site = opened(sentence, place, dialect)
    found = {address: short(get(site, address, **dict(sentence.sent))) for address in sentence.gets}
    assert found == dict(sentence.gets), f"it gives {found}"
    texts = [finding.text for finding in site.compiled.findings]
    if sentence.told:
        assert any(sentence.told in text for text in texts), texts
    else:
        assert not texts


def opened(sentence: Sentence, place: Path, dialect: Dialect = "cloudflare") -> LocalSite:
    """The site of the sentence."""
    rules = {
        "_redirects": sentence.redirects,
        "_headers": sentence.headers,
        "decant.toml": sentence.settings,
    }
    files: dict[str, str | bytes] = {name: name for name in ("index.html", *sentence.files)}
    files |= {name: text for name, text in rules.items() if text}
    return site_of(place, files, Overrides(dialect=dialect))


def short(answer: Answer) -> str:
    """`200 about.html`, `301 /new` or, for a small generated page, `404`."""
    return f"{answer.status} {answer.location or answer.file or ''}".rstrip()
