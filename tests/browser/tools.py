"""The programs that the browser tests need and pip does not bring."""

from __future__ import annotations

import os
import shutil

import pytest

# Each program and the Debian package that has it.
PACKAGES = {"chromium": "chromium", "node": "nodejs", "npm": "npm"}


def require_tools() -> None:
    """Skip the test when a program is missing; in CI that is a failure, or nobody would notice."""
    missing = [name for name in PACKAGES if shutil.which(name) is None]
    if not missing:
        return
    packages = " ".join(PACKAGES[name] for name in missing)
    said = f"{', '.join(missing)} not found on PATH (Debian: apt-get install {packages})"
    if os.environ.get("CI"):
        pytest.fail(f"{said}: CI needs the browser tests")
    pytest.skip(said)
