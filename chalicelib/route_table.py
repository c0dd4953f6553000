"""The route table of one version: path -> layer, in pieces small enough for the KeyValueStore.

Pure. `edge/router.js` reads what this module writes; the two must agree byte for byte:

1. A path, with a `/` before each segment, is its *stem* and the *endings* `.html` and `/index`
   behind it. All forms of a page's address (`/x`, `/x/`, `/x.html`, `/x/index.html`) have the
   stem `/x`, those of the start page the empty stem. So one read answers every form, odd ones
   (`a.html.html`, a file called `index`) included. A name that would be all ending (`.html`) has
   none, and a path with more than 4 endings is its own stem, reachable exactly as it is.
2. MD5 of the salt in decimal and the stem, in UTF-8, in base64url: its first 4 characters are the
   fingerprint; the codes of the next 3, as digits of base 61 and modulo the number of buckets, tell
   the bucket (in JavaScript that is half the cost of reading them as what they stand for).
3. A bucket is a string of entries of 6 characters in base64url's alphabet: 4 of fingerprint, 1
   for the layer (its index in the version's list), 1 for the endings: a 1 bit, then a bit for each
   ending from the first to the last, 0 for `.html` and 1 for `/index`. 0 alone says no endings,
   too, and that the file has its fingerprint in its name (`is_fingerprinted`): such files are
   also served when the table is an alias's fallback (chalicelib/decisions/reach.py). With 32 added
   it is no file but a mark: there is an exact redirect from this path, without or with a slash
   (chalicelib/rules/redirect_table.py has it).

No two stems of a version share fingerprint and bucket: the salt is searched for that. An absent
path whose stem looks like a present one (1 in 100,000) is asked of the origin, which has no file
of that name.
"""

from __future__ import annotations

import math
from base64 import urlsafe_b64encode
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import md5
from typing import NamedTuple
from urllib.parse import quote

from chalicelib.errors import NoRouteTable, VersionCorrupt
from chalicelib.fingerprints import is_fingerprinted

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
MAX_BUCKET_BYTES = 1_000  # a value's limit is 1 KB; nothing says whether that is 1,024
MAX_LAYERS = len(ALPHABET)
MAX_ENDINGS = 4  # a 1 bit and 4 more; the sixth bit of a character is that of marks
# With 100,000 files two attempts in three have no collision, with 500,000 one in six.
MAX_SALTS = 64
_COUNTS = 8  # numbers of buckets that are tried with a salt

_ENTRY_BYTES = 6
_ENTRIES = MAX_BUCKET_BYTES // _ENTRY_BYTES
_AVERAGE = 80  # entries of a bucket; in twice as many, to find one costs an edge twice as much
_HTML, _INDEX = ".html", "/index"
_ASSET = ALPHABET[0]  # endings of a file with its fingerprint in its name: none
_MARK = 32
_EMPTY = "-"  # every bucket exists, so that the router can tell a failed read from a miss


@dataclass(frozen=True, slots=True)
class RouteTable:
    """A version's table. `layers` are version numbers, newest first; entries hold indexes of it."""

    salt: int
    buckets: tuple[str, ...]
    layers: tuple[int, ...]

    def store_entries(self, version: int) -> dict[str, str]:
        """The KeyValueStore entries (key -> value, each under 1 KB) of the table of `version`."""
        return {bucket_key(version, n): bucket for n, bucket in enumerate(self.buckets)}

    def look_up(self, stem: str) -> Mapping[str, int]:
        """The files of `stem`: endings (such as `/index.html`) -> version number of the layer."""
        return {
            _endings(code): self.layers[ALPHABET.index(entry[4])]
            for entry in self._entries(stem)
            if (code := ALPHABET.index(entry[5])) < _MARK
        }

    def look_up_asset(self, path: str) -> int | None:
        """The layer of the fingerprinted file at site path `path`; None when it is none, or absent.

        A path with endings cannot be one: its stem's entry for no endings is another file's.
        """
        stem, endings = split_path(path)
        assets = (e for e in self._entries(stem) if not endings and e[5] == _ASSET)
        return next((self.layers[ALPHABET.index(entry[4])] for entry in assets), None)

    def _entries(self, stem: str) -> Iterator[str]:
        """The entries of `stem`, one for each of its files."""
        fingerprint, number = digest_of(self.salt, stem)
        bucket = self.buckets[number % len(self.buckets)]
        for at in range(0, len(bucket), _ENTRY_BYTES):
            entry = bucket[at : at + _ENTRY_BYTES]
            if entry[:4] == fingerprint:
                yield entry


def bucket_key(version: int, number: int) -> str:
    """Where the store keeps bucket `number` of the table of `version`."""
    return f"t/{version}/{number}"


def version_of_key(key: str) -> int | None:
    """The version whose routes the store's `key` belongs to; None when it is an alias's."""
    kind, _, rest = key.partition("/")
    return int(rest.partition("/")[0]) if kind in "trpv" else None


def least_bytes(files: int) -> int:
    """A lower bound of the size of a table of that many files, to be had without making it."""
    return files * _ENTRY_BYTES


def split_path(path: str) -> tuple[str, str]:
    """(stem, endings) of a site path (decoded, no slash at its start or end; "" is the root)."""
    whole = f"/{path}" if path else ""
    stem, count = whole, 0
    while count <= MAX_ENDINGS and (cut := _last_ending(stem)):
        stem = stem[:-cut]
        count += 1
    if count > MAX_ENDINGS:
        stem = whole
    return stem, whole[len(stem) :]


def encode_path(path: str) -> str:
    """`path` as edge/router.js writes it: all but A-Z a-z 0-9 - _ . ~ / is escaped."""
    return quote(path, safe="/-_.~")


def compile_table(
    files: Iterable[tuple[str, int]], marks: Iterable[str] = (), salts: int = MAX_SALTS
) -> RouteTable:
    """The table of (site path, version number of its layer) pairs: the same in any order.

    `marks` are the site paths that have an exact redirect.

    Raises VersionCorrupt for a path that is listed twice, and NoRouteTable (the version can still
    be stored flat) for more than 64 layers or when none of that many `salts` keeps the stems apart.
    """
    pairs = tuple(files)
    layers = tuple(sorted({layer for _, layer in pairs}, reverse=True))
    if len(layers) > MAX_LAYERS:
        raise NoRouteTable(
            f"The version refers to {len(layers)} layers, allowed are {MAX_LAYERS}: "
            "copy some of its files forward."
        )
    stems = _stems(pairs, layers)
    for path in sorted(set(marks)):
        stem, endings = split_path(path)
        stems[stem] = stems.get(stem, "") + ALPHABET[0] + ALPHABET[_MARK + _code(endings)]
    weights = [len(found) // 2 for found in stems.values()]
    for salt in range(salts):
        digests = [digest_of(salt, stem) for stem in stems]
        count = _bucket_count(digests, weights)
        if count:
            return RouteTable(salt, _fill(digests, list(stems.values()), count), layers)
    raise NoRouteTable(
        f"No salt below {salts} keeps the {len(stems):,} page addresses of the version apart: "
        "store it flat."
    )


def _last_ending(path: str) -> int:
    """The length of the ending of `path`; 0 when it has none."""
    if path.endswith(_INDEX):
        return len(_INDEX)
    return len(_HTML) if path.endswith(_HTML) and not path.endswith("/" + _HTML) else 0


def _stems(pairs: Iterable[tuple[str, int]], layers: tuple[int, ...]) -> dict[str, str]:
    """Stem -> the two characters (layer, endings) of each of its files."""
    character = {layer: ALPHABET[index] for index, layer in enumerate(layers)}
    stems: dict[str, str] = {}
    for path, layer in sorted(pairs):
        stem, endings = split_path(path)
        asset = not endings and is_fingerprinted(path)
        code, before = _ASSET if asset else ALPHABET[_code(endings)], stems.get(stem, "")
        if code in before[1::2]:
            raise VersionCorrupt(f"The version lists the path {path!r} twice: upload it again.")
        stems[stem] = before + character[layer] + code
    return stems


def _code(endings: str) -> int:
    code = 1
    while endings:
        is_index = endings.startswith(_INDEX)
        code = code * 2 + is_index
        endings = endings[len(_INDEX) if is_index else len(_HTML) :]
    return code


def _endings(code: int) -> str:
    return "".join(_INDEX if bit == "1" else _HTML for bit in f"{code:b}"[1:])


class Digest(NamedTuple):
    """What a text is found by: the fingerprint of its entry, and a number that tells the bucket."""

    fingerprint: str
    number: int


def digest_of(salt: int, text: str) -> Digest:
    """The digest of `text`: 24 bits of MD5 for the fingerprint, 18 for the number."""
    data = f"{salt}{text}".encode()
    eight = urlsafe_b64encode(md5(data, usedforsecurity=False).digest()[:6])
    return Digest(eight[:4].decode(), (eight[4] * 61 + eight[5]) * 61 + eight[6])


def _bucket_count(digests: list[Digest], weights: list[int]) -> int:
    """The smallest number of buckets found that keeps to 80 entries in each on average, to 166 at
    the most, and stems apart.

    0 when stems met in each of 8 numbers that would do: another salt is worth more than a 9th.
    """
    seen = Counter(digest.fingerprint for digest in digests)
    alike = [digest for digest in digests if seen[digest.fingerprint] > 1]
    count = max(1, math.ceil(sum(weights) / _AVERAGE))
    for _ in range(_COUNTS):
        while not _all_fit(digests, weights, count):
            count += 1 + count // 64
        if len({(found, number % count) for found, number in alike}) == len(alike):
            return count
        count += 1
    return 0


def _all_fit(digests: list[Digest], weights: list[int], count: int) -> bool:
    room = [_ENTRIES] * count
    for digest, weight in zip(digests, weights, strict=True):
        bucket = digest.number % count
        room[bucket] -= weight
        if room[bucket] < 0:
            return False
    return True


def _fill(digests: list[Digest], found: list[str], count: int) -> tuple[str, ...]:
    """The buckets, each sorted by fingerprint; `found` as in `_stems`, beside its digest."""
    entries: list[list[str]] = [[] for _ in range(count)]
    for (fingerprint, number), files in sorted(zip(digests, found, strict=True)):
        entries[number % count] += [
            fingerprint + files[at : at + 2] for at in range(0, len(files), 2)
        ]
    return tuple("".join(bucket) or _EMPTY for bucket in entries)
