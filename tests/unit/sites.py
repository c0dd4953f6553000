"""Sites and requests for the tests of route tables: trees that are hard to tell apart."""

from __future__ import annotations

from urllib.parse import quote

from hypothesis import strategies as st

Files = dict[str, int]  # site path -> version number of its layer

# Names that differ by case, dots, escapes or endings only.
NAMES_TEXT = """
    a A b index Index .html index.html a.html A.html b.html a.html.html index.html.html a.html.b
    404.html a.js a. ... .a %2e %61 a%2Fb a+b é a'b index.htm html aindex
"""
NAMES = NAMES_TEXT.split()
names = st.sampled_from([*NAMES, "a b", "e\u0301", "😀"])
# Few stems with many forms meet more often than names put together.
stems = st.sampled_from(["", "a", "a/b", "A", "é/ü"])
forms = st.sampled_from(["", ".html", "/index", "/index.html", ".html.html", "/index/index.html"])
forms_of_stems = st.tuples(stems, forms | st.tuples(forms, forms).map("".join)).map(
    lambda pair: "".join(pair).removeprefix("/") or "index.html"
)
paths = forms_of_stems | st.lists(names, min_size=1, max_size=4).map("/".join)
layers = st.integers(1, 200)
sites = st.dictionaries(forms_of_stems | paths, layers, min_size=1, max_size=14).map(
    lambda files: {path: layer for path, layer in files.items() if not _is_folder(path, files)}
)
ENDINGS = ("", "/", ".html", "/index", "/index.html", "/index/", ".html/", "/404.html", "/a")


def _is_folder(path: str, files: Files) -> bool:
    return any(other.startswith(path + "/") for other in files)


@st.composite
def addresses(draw: st.DrawFn, files: Files) -> str:
    """An address near to one of `files` or anywhere, spelt in one of many ways."""
    path = draw(st.sampled_from(sorted(files)) | paths)
    for ending in draw(st.lists(st.sampled_from(ENDINGS[1:]), max_size=2)):
        path = path.removesuffix(ending)
    path += "".join(draw(st.lists(st.sampled_from(ENDINGS), max_size=2)))
    slashes = draw(st.sampled_from(["/", "/", "/", "//"]))
    address = slashes + path.replace("/", slashes)
    return _spell(address, draw(st.sampled_from(["plain", "all", "little"])))


def _spell(address: str, how: str) -> str:
    if how == "plain":
        return quote(address)
    if how == "little":
        return address.replace("%", "%25")
    return "".join(f"%{octet:02x}" for octet in address.encode()).replace("%2f", "/")
