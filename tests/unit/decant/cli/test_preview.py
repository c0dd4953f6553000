"""`decant preview`: the address to look at a version or an alias."""

from __future__ import annotations

import pytest

from tests.unit.decant.cli.world import World
from tests.unit.decant.samples import a_version, an_alias

SITE = "https://site.example"


@pytest.fixture
def shown(world: World) -> World:
    """Two versions, of which one is being stored, and aliases with odd names too."""
    world.stage.api.known_versions = (a_version(44, status="pending"), a_version(43))
    names = ("production", "staging", "off", "v0")
    world.stage.api.known_aliases = tuple(map(an_alias, names))
    return world


@pytest.mark.parametrize(("named", "name"), [("v43", "v43"), ("43", "v43"), ("staging", "staging")])
def test_prints_the_address_alone_on_stdout(named: str, name: str, shown: World) -> None:
    outcome = shown.run("preview", named)
    assert (outcome.exit_code, outcome.stdout) == (0, f"{SITE}/?decant={name}\n")
    assert outcome.stderr == f"It ends at {SITE}/?decant=off\n"


def test_json_has_both_addresses(shown: World) -> None:
    assert shown.run("preview", "v43", "--json").document == {
        "url": f"{SITE}/?decant=v43",
        "end_url": f"{SITE}/?decant=off",
    }


@pytest.mark.parametrize(
    ("named", "code", "said"),
    [
        ("v44", 1, "v44 cannot be looked at, because it is pending"),
        ("v45", 1, "There is no version v45."),
        ("nobody", 1, "There is no alias 'nobody' in the stage 'prod'"),
        ("off", 2, "The alias off has a name that previews use otherwise."),
        ("v0", 2, "The alias v0 has a name that previews use otherwise."),
        ("A B", 2, "is neither a version nor an alias"),
    ],
)
def test_what_cannot_be_looked_at_is_said(named: str, code: int, said: str, shown: World) -> None:
    outcome = shown.run("preview", named)
    assert (outcome.exit_code, outcome.stdout) == (code, "")
    assert said in outcome.stderr
