"""Content-Type and Cache-Control of a site's files."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.media_types import cache_control, content_type, headers_for, is_fingerprinted

REVALIDATE = "public, max-age=0, must-revalidate"
IMMUTABLE = "public, max-age=31536000, immutable"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("index.html", "text/html; charset=utf-8"),
        ("a/INDEX.HTML", "text/html; charset=utf-8"),
        ("a/..html", "application/octet-stream"),
        ("a/.hidden.js", "text/javascript; charset=utf-8"),
        ("a/js", "application/octet-stream"),
        ("old.htm", "text/html; charset=utf-8"),
        ("page.xhtml", "application/xhtml+xml; charset=utf-8"),
        ("app.css", "text/css; charset=utf-8"),
        ("app.js", "text/javascript; charset=utf-8"),
        ("app.mjs", "text/javascript; charset=utf-8"),
        ("app.cjs", "text/javascript; charset=utf-8"),
        ("app.js.map", "application/json"),
        ("data.json", "application/json"),
        ("data.jsonld", "application/ld+json"),
        ("map.geojson", "application/geo+json"),
        ("site.webmanifest", "application/manifest+json"),
        ("app.wasm", "application/wasm"),
        ("robots.txt", "text/plain; charset=utf-8"),
        ("readme.md", "text/markdown; charset=utf-8"),
        ("data.csv", "text/csv; charset=utf-8"),
        ("cal.ics", "text/calendar; charset=utf-8"),
        ("card.vcf", "text/vcard; charset=utf-8"),
        ("film.vtt", "text/vtt; charset=utf-8"),
        ("config.yaml", "application/yaml"),
        ("sitemap.xml", "text/xml; charset=utf-8"),
        ("feed.rss", "application/rss+xml; charset=utf-8"),
        ("feed.atom", "application/atom+xml; charset=utf-8"),
        ("logo.svg", "image/svg+xml; charset=utf-8"),
        ("a.png", "image/png"),
        ("a.JPG", "image/jpeg"),
        ("a.jpeg", "image/jpeg"),
        ("a.gif", "image/gif"),
        ("a.webp", "image/webp"),
        ("a.avif", "image/avif"),
        ("a.jxl", "image/jxl"),
        ("a.apng", "image/apng"),
        ("a.bmp", "image/bmp"),
        ("favicon.ico", "image/x-icon"),
        ("a.woff", "font/woff"),
        ("a.woff2", "font/woff2"),
        ("a.ttf", "font/ttf"),
        ("a.otf", "font/otf"),
        ("a.eot", "application/vnd.ms-fontobject"),
        ("a.mp3", "audio/mpeg"),
        ("a.m4a", "audio/mp4"),
        ("a.ogg", "audio/ogg"),
        ("a.opus", "audio/ogg"),
        ("a.flac", "audio/flac"),
        ("a.wav", "audio/wav"),
        ("a.mp4", "video/mp4"),
        ("a.webm", "video/webm"),
        ("a.ogv", "video/ogg"),
        ("a.mov", "video/quicktime"),
        ("a.m3u8", "application/vnd.apple.mpegurl"),
        ("a.ts", "video/mp2t"),
        ("a.mpd", "application/dash+xml; charset=utf-8"),
        ("a.glb", "model/gltf-binary"),
        ("a.gltf", "model/gltf+json"),
        ("a.usdz", "model/vnd.usdz+zip"),
        ("a.pdf", "application/pdf"),
        ("a.zip", "application/zip"),
        ("a.tar.gz", "application/gzip"),
        ("a.epub", "application/epub+zip"),
        ("apple-app-site-association", "application/json"),
        (".well-known/apple-app-site-association", "application/json"),
        (".well-known/assetlinks.json", "application/json"),
        (".well-known/security.txt", "text/plain; charset=utf-8"),
        (".well-known/openid-configuration", "application/json"),
        (".well-known/matrix/server", "application/json"),
        (".well-known/host-meta", "application/xrd+xml; charset=utf-8"),
        (".well-known/host-meta.json", "application/json"),
        (".well-known/acme-challenge/t0ken", "text/plain; charset=utf-8"),
        (".well-known/webfinger", "application/jrd+json"),
        ("blog/.well-known/openid-configuration", "application/json"),
        (".well-known/something-new", "application/octet-stream"),
        ("x.well-known/webfinger", "application/octet-stream"),
        ("webfinger", "application/octet-stream"),
        ("CNAME", "application/octet-stream"),
        ("data.unheard-of", "application/octet-stream"),
        ("a.html/b", "application/octet-stream"),
    ],
)
def test_content_types(path: str, expected: str) -> None:
    assert content_type(path) == expected


@given(st.text(min_size=1, max_size=40))
def test_every_path_has_a_well_formed_type_and_cache_control(path: str) -> None:
    assert re.fullmatch(r"[a-z]+/[a-z0-9.+-]+(; charset=utf-8)?", content_type(path))
    assert cache_control(path) in (REVALIDATE, IMMUTABLE)


@pytest.mark.parametrize("path", ["index.html", "a/b.html", "_astro/a.html", "app.js", "a.json"])
def test_what_keeps_its_name_is_asked_for_again(path: str) -> None:
    assert cache_control(path) == REVALIDATE


def test_what_is_fingerprinted_is_kept_for_a_year() -> None:
    assert is_fingerprinted("static/js/main.8f3b2c1d.js")
    assert cache_control("static/js/main.8f3b2c1d.js") == IMMUTABLE


def test_the_headers_of_a_file_are_its_type_and_its_cache_control() -> None:
    assert headers_for("a.png") == {"content-type": "image/png", "cache-control": REVALIDATE}
