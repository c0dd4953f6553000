"""Which file names change whenever the file's content does, judged by the name alone.

A browser keeps such a file for a year and never asks again. So the rule errs to one side: taking
a fingerprint for an ordinary name costs a request that is answered 304, the opposite would show
an old file for a year. What is accepted:

1. Anything in a folder that its builder itself calls immutable (`_next/static/`, `_astro/` …).
2. A token at the end of the name, after "." or "-", before `.min`, `.chunk` and the like:
   - hex digits in a usual length (webpack, Parcel, Gatsby, Hugo), letters and digits mixed;
   - 8 to 12 characters of base64url (Vite, Rollup): upper case, lower case and digits, which
     change more often than in words;
   - 8 characters of base32 (esbuild, Angular).
   Only for what bundlers write: scripts, styles, images, fonts, sound, film. All but scripts and
   styles must be better mixed, because photographs and downloads carry serial numbers, dates,
   colours and formulas (`DSC01234.jpg`, `1feb2024`, `ff8800cc`, `Ca2Fe5O9`).

3. A script, style or font in a folder `assets/`, where Vite and VitePress put what they hash: 8
   characters of base64url at the end of the name that do not read as words and numbers; for a font
   upper case, lower case and digits, because weights are abbreviated (`HvyCnObl`).

Never HTML, documents, dates, numbers, UUIDs, or a word with a number (`Chapter1`, `facade01`).
Hashes that look like that by chance are missed: one in ten of webpack's, and of Rollup's about half
outside `assets/`, one in three of the fonts in it and seven in ten of the images anywhere. What
changed between versions could tell more than a name.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise

_PAGES = frozenset({"html", "htm", "xhtml", "shtml"})
_CODE = frozenset({"js", "mjs", "cjs", "css"})
_IMAGES = {"apng", "avif", "bmp", "gif", "ico", "jpeg", "jpg", "jxl", "png", "svg", "webp"}
_FONTS = {"eot", "otf", "ttf", "woff", "woff2"}
_MEDIA = {"aac", "flac", "m4a", "mp3", "mp4", "oga", "ogg", "ogv", "opus", "vtt", "wav", "webm"}
_ASSETS = frozenset(_IMAGES | _FONTS | _MEDIA | {"glb", "gltf", "wasm"})
# After the token: Material for MkDocs writes .min, webpack .chunk, VitePress .lean.
_SUFFIXES = frozenset({"min", "chunk", "bundle", "lean", "iframe", "module"})

# Folders in which every name is a fingerprint, at the top or below a base path.
_IMMUTABLE_FOLDERS = re.compile(
    r"(?:^|/)(?:"
    r"_next/static/"  # Next sends `immutable` for it, whatever the build id is
    r"|_nuxt/(?!builds/)"  # Nuxt: builds/latest.json names the current build
    r"|_nuxt/builds/meta/"
    r"|_astro/"
    r"|_app/immutable/"  # SvelteKit: the rest of _app/ is not
    r")"
)
_VITE_FOLDER = re.compile(r"(?:^|/)assets/")
# What a name in CamelCase, with numbers, is made of.
_PIECES = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+|[_-]")
_VOWEL = re.compile(r"[aeiouy]", re.IGNORECASE)
_TOKEN = re.compile(r"[.-]([A-Za-z0-9_]+)$")
_TOKEN_WITH_HYPHEN = re.compile(r"[.-]([A-Za-z0-9_-]{8})$")  # base64url has the hyphen, too
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_HEX = re.compile(r"[0-9a-f]+")
_HEX_LENGTHS = frozenset({8, 10, 12, 16, 20, 32, 40, 64, 96, 128})
_MONTH = re.compile(r"\d*(?:feb|dec)\d*")  # the months that are hex digits: 2024dec31
# esbuild writes A-Z and 2-7. A script may have a 1 as well, which tells little; 0, 8 and 9 are
# for numbers (LESSON01).
_BASE32, _BASE32_OF_CODE = re.compile(r"[A-Z2-7]{8}"), re.compile(r"[A-Z1-7]{8}")
_WORD_AND_DIGIT = re.compile(r"[A-Z]{7}\d")  # VERSION2
_FORMULA = re.compile(r"(?:[A-Z][a-z]?\d*)+")  # Ca2Fe5O9
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d+")  # Vue3Demo has three, iPhone15 too
_THREE_LOWER = re.compile(r"[a-z]{3}")  # more likely a word
_TWO_LOWER = re.compile(r"[a-z]{2}")


def is_fingerprinted(path: str) -> bool:
    """Whether the file at `path` may be kept for ever (see the module for the rule)."""
    name = path.rpartition("/")[2]
    parts = name.split(".")
    if len(parts) < 2 or parts[-1].lower() in _PAGES:
        return False
    if _IMMUTABLE_FOLDERS.search(path):
        return True
    extension = parts.pop().lower()
    if extension == "map":
        extension = parts.pop().lower()
    if extension not in _CODE and extension not in _ASSETS:
        return False
    suffixes = set()
    while len(parts) > 1 and parts[-1] in _SUFFIXES:
        suffixes.add(parts.pop())
    stem = ".".join(parts)
    found = _TOKEN.search(stem)
    if _UUID.search(stem):
        return False
    if found and _is_hash(found[1], stem[: found.start()], extension in _CODE, suffixes):
        return True
    longer = _TOKEN_WITH_HYPHEN.search(stem)
    return longer is not None and _is_vite_hash(longer[1], path, extension)


def _is_vite_hash(token: str, path: str, extension: str) -> bool:
    code, font = extension in _CODE, extension in _FONTS
    if code and _is_base64_hash(token, code):
        return True
    here = _VITE_FOLDER.search(path) is not None and (code or (font and _is_mixed(token)))
    return here and not _reads_as_words(token)


def _reads_as_words(token: str) -> bool:
    """Whether `token` is made of pronounceable words, acronyms, numbers and what joins them."""
    pieces = _PIECES.findall(token)
    return "".join(pieces) == token and all(
        _VOWEL.search(piece) or not piece.isalpha() or (piece.isupper() and len(piece) > 1)
        for piece in pieces
    )


def _is_hash(token: str, head: str, code: bool, suffixes: set[str]) -> bool:
    """Whether `token`, which follows `head`, is a hash; `code`: of a script or a style."""
    if _HEX.fullmatch(token):
        return _is_hex_hash(token, 1 if "chunk" in suffixes else 2 if code else 3)
    if token.isupper():
        return _is_base32_hash(token, head, code)
    return _is_base64_hash(token, code)


def _changes(token: str) -> int:
    """How often the kind (upper, lower, digit) changes from one character to the next."""
    kinds = [
        "u" if c.isupper() else "l" if c.islower() else "d" if c.isdigit() else "" for c in token
    ]
    return sum(1 for one, next_ in pairwise(kinds) if one and next_ and one != next_)


def _is_hex_hash(token: str, changes: int) -> bool:
    return len(token) in _HEX_LENGTHS and _changes(token) >= changes and not _MONTH.fullmatch(token)


def _is_base32_hash(token: str, head: str, code: bool) -> bool:
    if not code:
        return _BASE32.fullmatch(token) is not None and _changes(token) >= 3
    if head == "chunk" and _BASE32.fullmatch(token):
        return True  # esbuild's own prefix; one hash in five has no digit
    return (
        _BASE32_OF_CODE.fullmatch(token) is not None
        and _changes(token) >= 1
        and not _WORD_AND_DIGIT.fullmatch(token)
    )


def _is_base64_hash(token: str, code: bool) -> bool:
    if not _is_mixed(token):
        return False
    if not code:
        return (
            len(token) == 8
            and _changes(token) >= 5
            and not _THREE_LOWER.search(token)
            and not _FORMULA.fullmatch(token)
        )
    if not 8 <= len(token) <= 12:
        return False
    if 8 * len(_WORDS.findall(token)) >= 5 * len(token):
        return True
    return (
        "-" not in token and not _TWO_LOWER.search(token) and 8 * _changes(token) >= 4 * len(token)
    )


def _is_mixed(token: str) -> bool:
    kinds: tuple[Callable[[str], bool], ...] = (str.isupper, str.islower, str.isdigit)
    return all(any(map(kind, token)) for kind in kinds)
