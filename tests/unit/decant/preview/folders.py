"""Sites as folders."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from decant.preview.compiling import CompiledSite, Overrides, compile_site
from decant.preview.edge import Edge
from decant.preview.folder import read_folder
from decant.preview.requests import request_for
from decant.preview.site import Answer, LocalSite

AS_WRITTEN = Overrides()
edge = cache(Edge)  # one is enough: it keeps nothing of a site


def folder_of(place: Path, files: dict[str, str | bytes]) -> Path:
    """`place` with these files."""
    for name, content in files.items():
        file = place / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return place


def compiled(
    place: Path, files: dict[str, str | bytes], overrides: Overrides = AS_WRITTEN
) -> CompiledSite:
    """What a deployment of these files would make."""
    return compile_site(read_folder(folder_of(place, files)), overrides.change)


def site_of(
    place: Path, files: dict[str, str | bytes], overrides: Overrides = AS_WRITTEN
) -> LocalSite:
    """The same, to be asked."""
    return LocalSite(compiled(place, files, overrides), edge())


def get(site: LocalSite, address: str, **headers: str) -> Answer:
    """What a GET of `address` gives."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return site.answer(request_for(address, headers=named))
