"""Runs first in every local Lambda worker: shows the function what Lambda would show it.

A worker is started with this checkout's interpreter. On AWS a function sees the standard library,
its own package and its layers, so all other folders leave `sys.path` here: a dependency that was
not shipped is missing on this machine too. Standard library only, and run by path.
"""

from __future__ import annotations

import runpy
import sys
import sysconfig
from pathlib import Path


def lambda_paths(paths: list[str], standard_library: set[str], worker_folder: str) -> list[str]:
    """The entries of `paths` that a function may import from."""
    kept = []
    for path in paths:
        inside = any(path == root or path.startswith(root + "/") for root in standard_library)
        foreign = "site-packages" in path or "dist-packages" in path
        if path == worker_folder or path.endswith(".zip") or (inside and not foreign):
            kept.append(path)
    return kept


def prepare(worker_folder: str) -> None:
    """Hide this checkout's packages and make local endpoint names resolve."""
    roots = {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")}
    sys.path[:] = lambda_paths(sys.path, roots, worker_folder)
    # Finders of packages that are installed in place know them by name, without sys.path.
    sys.meta_path[:] = [f for f in sys.meta_path if "__editable__" not in repr(f)]
    runpy.run_path(str(Path(__file__).with_name("resolver.py")))["install"]()
