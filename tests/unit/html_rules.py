"""Cloudflare's html handling, written down rule by rule: what the table's lookups are held to.

Each list is tried in order. P is the address, X is P without the ending that names the list. A
line is a file, which is served, or `file > address`: a redirect, taken only when `address` is no
file itself and serves that file at once.
"""

from __future__ import annotations

from collections.abc import Set

RULES: dict[str, dict[str, list[str]]] = {
    "auto-trailing-slash": {
        "/index": ["P", "X/index.html > X/", "X.html > X"],
        "/index.html": ["P > X/", "X.html > X"],
        "/": ["X/index.html", "X.html > X"],
        ".html": ["P > X", "X/index.html > X/"],
        "": ["P", "P.html", "P/index.html > P/"],
    },
    "force-trailing-slash": {
        "/index": ["P", "X/index.html > X/", "X.html > X/"],
        "/index.html": ["P > X/", "X.html > X/"],
        "/": ["X/index.html", "X.html"],
        ".html": ["P > X/", "P", "X/index.html > X/"],
        "": ["P", "P.html > P/", "P/index.html > P/"],
    },
    "drop-trailing-slash": {
        "/index": ["P", "X.html > X", "X/index.html > X"],
        "/index.html": ["P > X", "P", "X.html > X"],
        "/": ["X.html > X", "X/index.html > X"],
        ".html": ["P > X", "X/index.html > X"],
        "": ["P", "P.html", "P/index.html"],
    },
    "none": {"": ["P"]},
}
# Without a slash nothing would be left of the start page's address.
START = {"/": ["/index.html"], "/index": ["P", "/index.html > /"], "/index.html": ["P > /"]}


def answer(html: str, files: Set[str], path: str, redirects: bool = True) -> tuple[str, str] | None:
    """(file, address that serves it) for `path`; all with a slash at the start; None if missing."""
    for line in _lines(html, path):
        file, _, address = line.partition(" > ")
        if file not in files:
            continue
        if not address:
            return file, path
        if not redirects or address in files:
            continue
        if answer(html, files, address, redirects=False) == (file, address):
            return file, address
    return None


def _lines(html: str, path: str) -> list[str]:
    rules = RULES[html]
    lines = []
    ending = next((e for e in rules if e and path.endswith(e)), "")
    if html == "drop-trailing-slash" and path in START:
        lines = START[path]
    elif ending:
        lines = [line.replace("X", path.removesuffix(ending)) for line in rules[ending]]
    return [_put(line, path) for line in lines + rules[""]]


def _put(line: str, path: str) -> str:
    return " > ".join(
        path + part[1:] if part.startswith("P") else part for part in line.split(" > ")
    )
