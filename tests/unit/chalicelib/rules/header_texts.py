"""Texts that look like `_headers`, and addresses that they may be about."""

from __future__ import annotations

from hypothesis import strategies as st

_PIECES = """
    / // a b A x.html * ** :a :b :splat %61 %C3%A9 %2F %zz é . .. - \\ ? # :1 %3A
"""
_pieces = st.sampled_from(_PIECES.split())
paths = st.lists(_pieces, max_size=6).map(lambda found: "/" + "".join(found))
_NAMES = "X-A x-a X-B Link Vary Cache-Control Content-Type Set-Cookie ETag x-amz-a __x X!"
_names = st.sampled_from(_NAMES.split()) | st.text(max_size=5)
_values = st.sampled_from(["1", '"q" \\ z', ":splat", ":a-:b", "a, b", "é", " ", "a\tb"]) | st.text(
    st.characters(min_codepoint=32, max_codepoint=126), max_size=20
)
_headers = st.tuples(_names, _values).map(": ".join)
_detaches = _names.map("! {}".format)
_odd = st.sampled_from(["https://a.example/b", "no colon", "# note", "", "  ", "\ud800", "\x00"])
lines = paths | _headers | _headers | _detaches | _odd | st.text(max_size=10)
texts = st.lists(lines, max_size=12).map("\n".join)
addresses = st.lists(
    st.sampled_from(["a", "b", "A", "x.html", "%C3%A9", "%3A1", "a-b"]), max_size=4
).flatmap(lambda parts: st.sampled_from(["/" + "/".join(parts), "/" + "/".join([*parts, ""])]))
