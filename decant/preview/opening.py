"""Opens a folder as a site that answers."""

from __future__ import annotations

from pathlib import Path

from chalicelib.errors import UploadRefused
from chalicelib.rules.site import refusal
from decant.preview.compiling import CompiledSite, Overrides, compile_site
from decant.preview.edge import Edge
from decant.preview.folder import read_folder
from decant.preview.site import LocalSite


def compiled(folder: Path, overrides: Overrides) -> CompiledSite:
    """The site in `folder`, as a deployment would have it.

    Raises InvalidRequest for what is no folder with files, and UploadRefused for what a deployment
    would be refused for.
    """
    site = compile_site(read_folder(folder), overrides.change)
    why = refusal(site.findings)
    if why:
        raise UploadRefused(why)
    return site


def open_site(folder: Path, overrides: Overrides) -> LocalSite:
    """The site in `folder`, ready to answer. Raises as `compiled`."""
    return LocalSite(compiled(folder, overrides), Edge())
