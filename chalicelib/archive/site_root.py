"""Finds the folder of an uploaded zip that is the site: people zip the folder, or the project."""

from __future__ import annotations

from collections.abc import Iterable

from chalicelib.errors import UploadRefused

INDEX = "index.html"
# Where builders put the site, most common first: Vite and Astro; Create React App and
# Docusaurus; Next; Hugo and Gatsby; Jekyll and Eleventy.
OUTPUT_FOLDERS = ("dist", "build", "out", "public", "_site")
MAX_DEPTH = 32  # of folders in folders that hold nothing else


def find_root(names: Iterable[str]) -> str:
    """The folder that becomes `/`, "" or ending with "/", from the names of the files.

    - An index.html at the top: the top. But with a package.json beside it, it is the source of a
      site, and an output folder with an index.html is what was meant.
    - All files in one folder: the same question again inside it.
    - The first output folder with an index.html.
    - An index.html anywhere: the top.

    Raises UploadRefused when there is no index.html at all.
    """
    present = set(names)
    if not any(name == INDEX or name.endswith("/" + INDEX) for name in present):
        raise UploadRefused(
            "The zip has no index.html: zip the folder that your build writes (such as dist/)."
        )
    root = ""
    for _ in range(MAX_DEPTH):
        at_top = root + INDEX in present
        output = _output_folder(present, root)
        if at_top:
            return output if output and root + "package.json" in present else root
        only = _only_folder(present, root)
        if only is None:
            return output or root
        root = only
    return root


def _output_folder(names: set[str], root: str) -> str | None:
    folders = (f"{root}{folder}/" for folder in OUTPUT_FOLDERS)
    return next((folder for folder in folders if folder + INDEX in names), None)


def _only_folder(names: Iterable[str], root: str) -> str | None:
    """The one folder directly in `root` that holds everything (all names are in `root`)."""
    only: str | None = None
    for name in names:
        top, slash, _ = name[len(root) :].partition("/")
        if not slash or (only is not None and top != only):
            return None
        only = top
    return f"{root}{only}/" if only is not None else None
