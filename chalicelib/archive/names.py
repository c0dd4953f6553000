"""Names of entries: what their bytes mean, which are unsafe, which are left out of a site."""

from __future__ import annotations

import re
import struct
import unicodedata
import zlib
from collections.abc import Iterator

from chalicelib.errors import UploadRefused

UTF8_FLAG = 1 << 11  # APPNOTE 4.4.4, bit 11
_UNICODE_PATH = 0x7075  # Info-ZIP's Unicode path extra field, APPNOTE 4.6.9
_SHOWN_CHARACTERS = 120
# UAX #15's "stream-safe" text; normalising takes the square of the length of such a run.
_MAX_COMBINING_RUN = 30

# S3 lists keys as XML 1.0, which has no control characters and no U+FFFE and U+FFFF.
_CONTROL = "[\x00-\x1f\x7f-\x9f\ufffe\uffff]"
_UNSAFE = re.compile(rf"{_CONTROL}|\\|^[A-Za-z]:|(?:^|/)\.{{0,2}}(?:/|$)")
_REASONS = (
    (_CONTROL, "has a control character in its name: rename the file and zip it again"),
    (r"\\", "has a backslash in its name: use a zip tool that separates folders with '/'"),
    (r"^[A-Za-z]:", "starts with a drive letter: zip the site's folder itself"),
    (r"^/", "has an absolute path: zip the site's folder itself"),
    (r"(?:^|/)\.\.(?:/|$)", "leaves the site with '..': zip the site's folder itself"),
    (r"(?:^|/)\.(?:/|$)", "has '.' as a folder name: zip the site's folder itself"),
    (r"//", "has an empty folder name in its path: zip the site's folder itself"),
)

# Written by operating systems and tools, never meant to be published.
_JUNK = re.compile(
    r"(?:^|/)(?:__macosx/|\.git(?:/|$)|(?:\.ds_store|thumbs\.db|desktop\.ini)$)", re.IGNORECASE
)
_SECRETS = re.compile(r"(?:^|/)\.env(?:\.[^/]*)?$", re.IGNORECASE)


def decode_name(raw: bytes, flags: int, extra: bytes) -> str:
    """The name that `raw` stands for.

    In this order: Info-ZIP's Unicode path when it belongs to `raw`; UTF-8 when flag bit 11 says
    so, or when it is valid UTF-8 (macOS's Archive Utility does not set the bit); else cp437.
    Raises UploadRefused when bit 11 is set and `raw` is not UTF-8.
    """
    if extra and b"up" in extra:  # the field's number in little-endian
        given = _unicode_path(raw, extra)
        if given is not None:
            return given
    try:
        return raw.decode()
    except UnicodeDecodeError:
        if not flags & UTF8_FLAG:
            return raw.decode("cp437")
    raise UploadRefused(
        f"The name {quoted(raw.decode('cp437'))} in the zip is not UTF-8 although it says so: "
        "rename the file and zip it again."
    )


def extra_fields(extra: bytes) -> Iterator[tuple[int, bytes]]:
    """The (number, content) pairs of an extra field; a torn one at the end is passed over.

    Some tools pad with a few zero bytes, so that is no reason to refuse.
    """
    at = 0
    while at + 4 <= len(extra):
        number, length = struct.unpack_from("<2H", extra, at)
        at += 4 + length
        if at <= len(extra):
            yield number, extra[at - length : at]


def _unicode_path(raw: bytes, extra: bytes) -> str | None:
    for number, content in extra_fields(extra):
        if number == _UNICODE_PATH and len(content) > 5 and content[0] == 1:
            if int.from_bytes(content[1:5], "little") != zlib.crc32(raw):
                return None  # the entry was renamed by a tool that does not know the field
            try:
                return content[5:].decode()
            except UnicodeDecodeError:
                return None
    return None


def nfc(name: str) -> str:
    """`name` in Unicode's composed form."""
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def quoted(name: str) -> str:
    """`name` in quotes, fit for a sentence: control characters escaped, at most 120 characters."""
    shown = name if len(name) <= _SHOWN_CHARACTERS else name[:_SHOWN_CHARACTERS] + "…"
    return repr(shown)


def why_unsafe(name: str) -> str | None:
    """What is wrong with an entry of that name, as the end of "The entry … "; None if nothing."""
    path = name[:-1] if name.endswith("/") else name  # a folder's name ends with "/"
    if not _UNSAFE.search(path):
        return None if name.isascii() else _why_not_normalisable(name)
    if not name:
        return "is without a name: zip the site's folder again"
    return next(reason for pattern, reason in _REASONS if re.search(pattern, name))


def _why_not_normalisable(name: str) -> str | None:
    marks = "".join("m" if unicodedata.combining(c) else " " for c in name)
    if "m" * (_MAX_COMBINING_RUN + 1) not in marks:
        return None
    return f"has more than {_MAX_COMBINING_RUN} accents in a row in its name: rename the file"


def is_junk(name: str) -> bool:
    """Whether the entry is left behind by an operating system or Git (`.DS_Store`, `.git/`)."""
    return _JUNK.search(name) is not None


def is_secret(name: str) -> bool:
    """Whether the entry is an environment file (`.env`, `.env.local`), which holds secrets."""
    return _SECRETS.search(name) is not None
