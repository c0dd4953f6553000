"""Sites to deploy, as zips: made from a seed (the same bytes everywhere), or Debian's own.

`python -m bench.sites KIND FILE` writes one and prints its files and bytes as JSON.
"""

from __future__ import annotations

import json
import random
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

KB, MB = 1024, 1024 * 1024
PYTHON_DOC = Path("/usr/share/doc/python3.11/html")  # Debian's package python3.11-doc
_WORDS = 4_000
_NOISE_BYTES = 24 * MB
CHANGED_EVERY = 100  # files: 1 %


def made(files: int, seed: int = 1) -> Iterator[tuple[str, bytes]]:
    """A site of pages, scripts, styles and pictures.

    Sizes are log-normal around 4.5 KB, 10 KB on average, at most 400 KB: what documentation
    sites and generated blogs have. Pages shrink some 3:1, pictures not at all.
    """
    rng = random.Random(seed)  # noqa: S311 - not a secret: the same site each time
    words = ["".join(rng.choices("etaoinshrdlucm", k=rng.randint(2, 10))) for _ in range(_WORDS)]
    text = (" ".join(rng.choices(words, k=150_000))).encode()
    noise = rng.randbytes(1 * MB)
    for number in range(files):
        size = int(min(400 * KB, max(200, rng.lognormvariate(8.4, 1.3))))
        folder = f"section-{number % 200:03d}"
        source, name = (
            (noise, f"images/{folder}/{number:06d}.png")
            if number % 10 == 0
            else (text, f"assets/{folder}/chunk.{rng.getrandbits(32):08x}{number:06x}.js")
            if number % 10 == 1
            else (text, f"{folder}/page-{number:06d}/index.html")
        )
        start = rng.randrange(len(source) - size)
        yield name, source[start : start + size]


def bulky(total_bytes: int, seed: int = 2) -> Iterator[tuple[str, bytes]]:
    """Files that do not shrink, from 20 KB to 24 MB, of `total_bytes` in all."""
    rng = random.Random(seed)  # noqa: S311 - not a secret: the same site each time
    noise = rng.randbytes(_NOISE_BYTES)
    number, left = 0, total_bytes
    while left > 0:
        size = _NOISE_BYTES if number % 60 == 59 else rng.randint(20 * KB, 300 * KB)
        size = min(size, left)
        start = rng.randrange(len(noise) - size + 1)
        yield f"media/{number % 100:02d}/file-{number:06d}.bin", noise[start : start + size]
        left -= size
        number += 1


def tiny(files: int) -> Iterator[tuple[str, bytes]]:
    """Files of 2 KB."""
    rng = random.Random(3)  # noqa: S311 - not a secret: the same site each time
    for number in range(files):
        yield f"pages/group-{number % 300:03d}/page-{number:06d}/index.html", rng.randbytes(2 * KB)


def folder(root: Path) -> Iterator[tuple[str, bytes]]:
    """The files below `root`, links followed."""
    for path in sorted(root.rglob("*")):
        if path.is_file():
            yield path.relative_to(root).as_posix(), path.read_bytes()


def changed(files: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    """`files`, but every 100th has other content: its own backwards, and a byte more."""
    for number, (name, content) in enumerate(files):
        yield name, content[::-1] + b"\n" if number % CHANGED_EVERY == 0 else content


KINDS: dict[str, Callable[[], Iterable[tuple[str, bytes]]]] = {
    "made": lambda: _site(made(19_999)),
    "made-small": lambda: _site(made(1_999)),
    "made-changed": lambda: changed(_site(made(19_999))),
    "made-small-changed": lambda: changed(_site(made(1_999))),
    "python-doc": lambda: folder(PYTHON_DOC),
    "bulky-100mb": lambda: _site(bulky(100 * MB)),
    "bulky-1gb": lambda: _site(bulky(1024 * MB)),
    "entries-100k": lambda: _site((name, b"x") for name, _ in tiny(99_999)),
    "shards-8": lambda: _site(tiny(7_999)),
}


def _site(files: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    yield "index.html", b"<!doctype html><title>Home</title>"
    yield from files


def write(kind: str, target: Path) -> dict[str, int]:
    """Zip a site to `target`; returns its number of files and bytes, and the zip's bytes."""
    files = total = 0
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, content in KINDS[kind]():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
            files += 1
            total += len(content)
    return {"files": files, "bytes": total, "zip_bytes": target.stat().st_size}


if __name__ == "__main__":
    print(json.dumps(write(sys.argv[1], Path(sys.argv[2]))))  # noqa: T201 - its answer
