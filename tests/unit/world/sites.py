"""Generated sites: pages that name fingerprinted chunks, and versions that share most files."""

from __future__ import annotations

import re
from collections.abc import Mapping

from hypothesis import strategies as st

from chalicelib.fingerprints import is_fingerprinted
from tests.unit.world.driver import Files

CHUNKS = tuple(f"assets/{name}.js" for name in ("a.0a1b2c3d", "b.1f2e3d4c", "c.9a8b7c6d"))
# A fingerprint in its name, and yet other content in another build, of the same size.
LIAR = "assets/liar.5a6b7c8d.css"
PAGES = ("index.html", "about/index.html", "about.html", "blog/post.html", "404.html")
PLAIN = ("style.css", "LICENSE", "a b/é+'.txt")
UNIVERSE = (*PAGES, *PLAIN, *CHUNKS, LIAR)
assert all(map(is_fingerprinted, (*CHUNKS, LIAR)))

_NAMED = re.compile(rb'src="/([^"]+)"')


def assets_of(files: Mapping[str, bytes]) -> set[str]:
    """The fingerprinted files of the site that one of its pages names."""
    named = {
        asset.decode()
        for path, body in files.items()
        if path.endswith(".html")
        for asset in _NAMED.findall(body)
    }
    return {path for path in named if path in files and is_fingerprinted(path)}


# One page's text (few, so that versions share pages) and the chunks that it names.
_pages = st.tuples(st.integers(0, 2), st.sets(st.sampled_from(CHUNKS), max_size=2))


def _page(text: int, chunks: set[str], liar: bool) -> bytes:
    names = [*sorted(chunks), *([LIAR] if liar else [])]
    return f"<p>{text}</p>".encode() + b"".join(f'<i src="/{n}">'.encode() for n in names)


@st.composite
def sites(draw: st.DrawFn) -> Files:
    """A site of up to a dozen files."""
    others = draw(st.sets(st.sampled_from((*PAGES[1:], *PLAIN)), max_size=4))
    first = draw(_pages)
    liar = draw(st.integers(0, 3))  # two contents, or none
    files: Files = {"index.html": _page(*first, liar > 1)}
    chunks = set(first[1])
    for path in sorted(others):
        text = draw(st.integers(0, 2))
        if path in PAGES:
            named = draw(st.sets(st.sampled_from(CHUNKS), max_size=1))
            chunks |= named
            files[path] = _page(text, named, False)
        else:
            files[path] = f"{path} {text}".encode()
    files |= {path: f"// {path}".encode() for path in sorted(chunks)}
    if liar > 1:
        files[LIAR] = f"/* {liar} */".encode()
    return files
