"""Builds the test site with Vite, away from the checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

SOURCES = Path(__file__).parent / "sites" / "vite"
_INSTALL_SECONDS = 120  # 6 seconds on an empty npm cache
_BUILD_SECONDS = 60  # 1 second
_OUTPUT_LINES = 30


@dataclass(frozen=True)
class Build:
    """What Vite made of the site with one version text."""

    version: str
    files: Mapping[str, bytes]

    def asset(self, name: str) -> str:
        """The path of the one file below assets/ that is called `name`-<hash>."""
        (path,) = (path for path in self.files if path.startswith(f"assets/{name}-"))
        return path


class Builder:
    """A copy of the site's sources with its packages installed."""

    def __init__(self, folder: Path) -> None:
        """Copy the sources to `folder` (which is made) and install what the lock file names.

        Raises AssertionError with the end of npm's output when that fails.
        """
        self._sources = folder / "sources"
        self._output = folder / "output"
        self._builds: dict[str, Build] = {}
        # Who works on the site itself has run npm in it.
        shutil.copytree(
            SOURCES, self._sources, ignore=shutil.ignore_patterns("node_modules", "dist")
        )
        quiet = ("--no-audit", "--no-fund", "--no-update-notifier")
        # No package's own install script is needed, so none runs.
        strict = ("--engine-strict", "--ignore-scripts")
        self._run("npm", "ci", "--prefer-offline", *strict, *quiet, limit_seconds=_INSTALL_SECONDS)

    def build(self, version: str) -> Build:
        """The site with the text `version`, built once."""
        if version not in self._builds:
            to = self._output / str(len(self._builds))
            vite = ("node_modules/.bin/vite", "build", "--outDir", str(to))
            self._run(*vite, limit_seconds=_BUILD_SECONDS, VITE_VERSION=version)
            files = (path for path in sorted(to.rglob("*")) if path.is_file())
            content = {path.relative_to(to).as_posix(): path.read_bytes() for path in files}
            self._builds[version] = Build(version, content)
        return self._builds[version]

    def _run(self, *command: str, limit_seconds: int, **variables: str) -> None:
        done = subprocess.run(
            command,
            cwd=self._sources,
            env=os.environ | variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=limit_seconds,
        )
        end = "\n".join(done.stdout.splitlines()[-_OUTPUT_LINES:])
        assert done.returncode == 0, f"{' '.join(command)} failed:\n{end}"
