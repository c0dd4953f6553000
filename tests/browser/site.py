"""Builds the test sites with their own tools, away from the checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

SITES = Path(__file__).parent / "sites"
_INSTALL_SECONDS = 180  # 3 to 12 seconds on an empty npm cache
_BUILD_SECONDS = 120  # 1 to 7 seconds
_OUTPUT_LINES = 30


@dataclass(frozen=True)
class Build:
    """What a site became with one version text."""

    version: str
    files: Mapping[str, bytes]

    def asset(self, name: str) -> str:
        """The path of the one file below assets/ that is called `name`-<hash>."""
        (path,) = (path for path in self.files if path.startswith(f"assets/{name}-"))
        return path


class Builder:
    """A copy of a site's sources with its packages installed."""

    def __init__(self, site: str, folder: Path) -> None:
        """Copy the sources of `site` (a folder of sites/) to `folder`, and install its packages.

        `folder/<site>` is made. Raises AssertionError with the end of npm's output on failure.
        """
        self._sources = folder / site
        self._builds: dict[str, Build] = {}
        # Who works on the site itself has run npm in it.
        made = shutil.ignore_patterns("node_modules", "dist", "cache", ".astro")
        shutil.copytree(SITES / site, self._sources, ignore=made)
        quiet = ("--no-audit", "--no-fund", "--no-update-notifier")
        # No package's own install script is needed, so none runs.
        strict = ("--engine-strict", "--ignore-scripts")
        self._run("npm", "ci", "--prefer-offline", *strict, *quiet, limit_seconds=_INSTALL_SECONDS)

    def build(self, version: str) -> Build:
        """The site with the text `version`, built once."""
        if version not in self._builds:
            # Each site's version text; and Astro shall not report on us.
            variables = {"VITE_VERSION": version, "ASTRO_TELEMETRY_DISABLED": "1"}
            build = ("npm", "run", "build", "--no-update-notifier")
            self._run(*build, limit_seconds=_BUILD_SECONDS, **variables)
            to = self._sources / "dist"  # emptied by each build
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
