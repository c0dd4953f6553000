"""The shape of the code: who may import whom, and where clients and the environment are touched."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = {"app", "bench", "chalicelib", "decant", "edge", "pipeline", "stacks", "tests"}
# Which of our own packages each may import (docs/architecture.md).
MAY_IMPORT = {
    "app.py": {"chalicelib"},
    "chalicelib": {"chalicelib"},
    "stacks": {"chalicelib", "stacks"},
    "bench": {"bench", "chalicelib", "decant", "edge"},
    "edge": {"chalicelib", "edge", "stacks"},
    "pipeline": {"chalicelib", "pipeline", "stacks"},
    "decant": {"chalicelib", "decant", "edge", "pipeline", "stacks"},
}
# Pure: decisions on values. Standard library and our own pure modules only.
PURE = (
    "alias_record",
    "errors",
    "fingerprints",
    "header_sets",
    "ids",
    "manifest",
    "records",
    "resolution",
    "route_table",
    "routing",
    "uploads",
    "work",
)
LINES = 400


def sources(place: str) -> list[Path]:
    path = ROOT / place
    return [path] if path.is_file() else sorted(path.rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def pure_sources() -> list[Path]:
    library = ROOT / "chalicelib"
    return [
        *(library / f"{name}.py" for name in PURE),
        *sorted((library / "decisions").glob("*.py")),
        *sorted((library / "archive").glob("*.py")),
        *sorted((library / "rules").glob("*.py")),
    ]


@pytest.mark.parametrize("place", MAY_IMPORT)
def test_each_package_imports_only_what_the_architecture_allows(place: str) -> None:
    for path in sources(place):
        ours = {name.split(".")[0] for name in imports(path)} & OURS
        assert ours <= MAY_IMPORT[place], path


def test_the_pure_core_imports_the_standard_library_and_itself_only() -> None:
    for path in pure_sources():
        outside = {
            name
            for name in imports(path)
            if name.split(".")[0] not in sys.stdlib_module_names
            and not name.startswith("chalicelib")
        }
        assert outside == set(), path


def test_the_pure_core_reaches_no_gateway() -> None:
    for path in pure_sources():
        reached = {
            name
            for name in imports(path)
            if name.startswith("chalicelib.gateways") or name == "chalicelib.root"
        }
        assert reached == set(), path


def _names(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield f"{node.value.id}.{node.attr}"


def test_in_lambda_clients_are_made_in_the_composition_root_only() -> None:
    for path in sources("chalicelib"):
        if path.name != "root.py":
            assert not {"boto3.client", "boto3.resource", "boto3.Session"} & set(_names(path)), path


def test_in_lambda_the_environment_is_read_in_the_settings_only() -> None:
    for path in sources("chalicelib"):
        if path.name != "settings.py":
            assert "os.environ" not in set(_names(path)), path
            assert "os.getenv" not in set(_names(path)), path


def test_nothing_outside_decant_local_asks_whether_it_is_local() -> None:
    # `decant local`, the demo and bench/switch.py start the server, invocation.py hands it to the
    # command, and connection.py makes *.localhost resolve; nothing else knows of it. The engine
    # that runs the edge functions lives there, too, but knows nothing of local AWS.
    engine = {"decant.local.edge_runtime", "decant.local.cloudfront_functions"}
    may_start = {"demo.py", "local.py", "invocation.py", "connection.py"}
    for place in MAY_IMPORT:
        for path in sources(place):
            place_of = path.relative_to(ROOT)
            if "local" in place_of.parts[:-1] or path.name in may_start:
                continue
            if place_of.as_posix() == "bench/switch.py":
                continue
            reached = {name for name in imports(path) if name.startswith("decant.local")}
            assert reached <= engine, path
            assert "ministack" not in path.read_text().lower(), path


@pytest.mark.parametrize(
    "place", ["app.py", "bench", "chalicelib", "decant", "edge", "pipeline", "stacks"]
)
def test_files_fit_one_head(place: str) -> None:
    for path in sources(place):
        assert len(path.read_text().splitlines()) <= LINES, path


def test_no_test_patches_or_mocks() -> None:
    for path in sources("tests"):
        assert not any(name.startswith("unittest.mock") for name in imports(path)), path
