"""Which Content-Type and Cache-Control a file of a site is served with, from its path alone.

The table is whitenoise's (nginx's with additions; the same on every machine, unlike Python's
`mimetypes`). Here is only what it lacks or has outdated, each with where the type is registered.
"""

from __future__ import annotations

from collections.abc import Mapping

from whitenoise.media_types import MediaTypes

from chalicelib.fingerprints import is_fingerprinted

__all__ = [
    "cache_control",
    "content_type",
    "header_pairs",
    "headers_for",
    "is_fingerprinted",
    "stored_pairs",
]

UNKNOWN = "application/octet-stream"
ERROR_PAGE = "404.html"
REVALIDATE = "public, max-age=0, must-revalidate"
IMMUTABLE = "public, max-age=31536000, immutable"  # a year in seconds

_BY_EXTENSION = {
    # Scripts, styles, pages
    ".cjs": "text/javascript",  # RFC 9239
    ".map": "application/json",  # ECMA-426, source maps
    ".webmanifest": "application/manifest+json",  # W3C Web Application Manifest
    ".wgsl": "text/wgsl",  # W3C WGSL
    ".xsl": "application/xslt+xml",  # W3C XSLT 2.0
    ".xslt": "application/xslt+xml",
    ".dtd": "application/xml-dtd",  # RFC 7303
    ".xsd": "application/xml",  # RFC 7303
    # Data and text
    ".jsonld": "application/ld+json",  # W3C JSON-LD
    ".geojson": "application/geo+json",  # RFC 7946
    ".topojson": "application/json",  # not registered; it is JSON
    ".ipynb": "application/x-ipynb+json",  # not registered; Jupyter's own
    ".jsonl": "application/jsonl",  # not registered; jsonlines.org
    ".ndjson": "application/x-ndjson",  # not registered; ndjson-spec
    ".csv": "text/csv",  # RFC 7111
    ".tsv": "text/tab-separated-values",  # IANA
    ".yaml": "application/yaml",  # RFC 9512
    ".yml": "application/yaml",
    ".toml": "application/toml",  # IANA
    ".sql": "application/sql",  # RFC 6922
    ".ics": "text/calendar",  # RFC 5545
    ".vcf": "text/vcard",  # RFC 6350
    ".vtt": "text/vtt",  # W3C WebVTT
    ".srt": "application/x-subrip",  # not registered; what players expect
    ".log": "text/plain",
    ".text": "text/plain",
    ".markdown": "text/markdown",  # RFC 7763
    ".rdf": "application/rdf+xml",  # RFC 3870
    ".ttl": "text/turtle",  # W3C Turtle
    ".nt": "application/n-triples",  # W3C N-Triples
    ".gpx": "application/gpx+xml",  # not registered; GPX 1.1
    ".opml": "text/x-opml",  # not registered; OPML 2.0
    ".pmtiles": "application/vnd.pmtiles",  # IANA
    ".mvt": "application/vnd.mapbox-vector-tile",  # IANA
    ".parquet": "application/vnd.apache.parquet",  # IANA
    # Images
    ".apng": "image/apng",  # IANA
    ".bmp": "image/bmp",  # RFC 7903
    ".cur": "image/x-icon",  # as .ico
    ".heic": "image/heic",  # IANA
    ".heif": "image/heif",  # IANA
    ".jfif": "image/jpeg",  # RFC 2045
    ".jxl": "image/jxl",  # IANA
    ".psd": "image/vnd.adobe.photoshop",  # IANA
    # Fonts
    ".otf": "font/otf",  # RFC 8081
    ".ttc": "font/collection",  # RFC 8081
    ".ttf": "font/ttf",  # RFC 8081
    ".woff": "font/woff",  # RFC 8081
    # Sound and film
    ".aac": "audio/aac",  # IANA
    ".flac": "audio/flac",  # RFC 9639
    ".m4a": "audio/mp4",  # RFC 4337
    ".m4s": "video/iso.segment",  # IANA
    ".m4v": "video/mp4",  # RFC 4337; Apple's name for it
    ".mpd": "application/dash+xml",  # IANA
    ".oga": "audio/ogg",  # RFC 5334
    ".ogv": "video/ogg",  # RFC 5334
    ".opus": "audio/ogg",  # RFC 7845
    ".wav": "audio/wav",  # not registered; WHATWG MIME Sniffing
    ".weba": "audio/webm",  # WebM project
    # 3D
    ".glb": "model/gltf-binary",  # IANA
    ".gltf": "model/gltf+json",  # IANA
    ".mtl": "model/mtl",  # IANA
    ".obj": "model/obj",  # IANA
    ".stl": "model/stl",  # IANA
    ".usdz": "model/vnd.usdz+zip",  # IANA
    # Documents, archives, downloads
    ".apk": "application/vnd.android.package-archive",  # IANA
    ".bz2": "application/x-bzip2",  # not registered
    ".epub": "application/epub+zip",  # IANA
    ".gz": "application/gzip",  # RFC 6713
    ".mobileconfig": "application/x-apple-aspen-config",  # not registered; Apple's own
    ".pkpass": "application/vnd.apple.pkpass",  # IANA
    ".tar": "application/x-tar",  # not registered
    ".tgz": "application/gzip",  # RFC 6713
    ".xz": "application/x-xz",  # not registered
    ".zst": "application/zstd",  # RFC 8878
}

# Files that have no extension to go by, by the end of their path.
_BY_NAME = {
    "apple-app-site-association": "application/json",  # Apple, Supporting associated domains
}
_BY_WELL_KNOWN_NAME = {
    "api-catalog": "application/linkset+json",  # RFC 9727
    "atproto-did": "text/plain",  # AT Protocol, handle resolution
    "discord": "text/plain",  # Discord, domain verification
    "host-meta": "application/xrd+xml",  # RFC 6415
    "jwks": "application/jwk-set+json",  # RFC 7517
    "matrix/client": "application/json",  # Matrix, client-server API
    "matrix/server": "application/json",  # Matrix, server-server API
    "matrix/support": "application/json",
    "nodeinfo": "application/json",  # NodeInfo 2.1
    "oauth-authorization-server": "application/json",  # RFC 8414
    "oauth-protected-resource": "application/json",  # RFC 9728
    "openid-configuration": "application/json",  # OpenID Connect Discovery 1.0
    "passkey-endpoints": "application/json",  # W3C, a well-known URL for passkey endpoints
    "traffic-advice": "application/trafficadvice+json",  # Private prefetch proxy
    "webauthn": "application/json",  # W3C WebAuthn, related origins
    "webfinger": "application/jrd+json",  # RFC 7033
}
_WELL_KNOWN = ".well-known/"
_ACME = "acme-challenge/"  # RFC 8555: the token's answer is plain text

_TYPES = MediaTypes(extra_types=_BY_EXTENSION | _BY_NAME)


def content_type(path: str) -> str:
    """The Content-Type of the file at `path` in the site; unknown ones are octet-stream.

    Text is declared as UTF-8: text/*, and XML in every form. JSON is not: it is always UTF-8 and
    RFC 8259 defines no such parameter for it.
    """
    media_type = _well_known(path) or _by_name(path.rpartition("/")[2].lower())
    if media_type.startswith("text/") or media_type.endswith(("+xml", "/xml", "/xml-dtd")):
        return f"{media_type}; charset=utf-8"
    return media_type


def _by_name(name: str) -> str:
    """The type of a file called `name` (in lower case): what `MediaTypes.get_type` says, at half
    the cost. It is asked for every file of a site, in several stages."""
    found = _TYPES.types_map.get(name)
    if found is None:
        stem, dot, extension = name.rpartition(".")
        # Dots at the start of a name begin no extension (os.path.splitext).
        found = _TYPES.types_map.get(dot + extension) if stem.strip(".") else None
    return str(found or UNKNOWN)


def _well_known(path: str) -> str | None:
    folder, found, name = path.rpartition(_WELL_KNOWN)
    if not found or (folder and not folder.endswith("/")):
        return None
    if name.startswith(_ACME):
        return "text/plain"
    return _BY_WELL_KNOWN_NAME.get(name)


def cache_control(path: str) -> str:
    """The Cache-Control of the file at `path`: a year if its name changes with its content.

    Everything else is asked for again on each use, which costs a 304 when it has not changed: a
    switch of versions is then seen at once.
    """
    return IMMUTABLE if is_fingerprinted(path) else REVALIDATE


def headers_for(path: str) -> dict[str, str]:
    """The headers that are stored with the file at `path`.

    content-type and cache-control; for an error page also the status that `edge/response.js` sets.
    """
    headers = {"content-type": content_type(path), "cache-control": cache_control(path)}
    if path.rpartition("/")[2] == ERROR_PAGE:
        headers["x-amz-meta-decant-status"] = "404"
    return headers


def stored_pairs(
    path: str, ruled: Mapping[str, tuple[tuple[str, str], ...]]
) -> tuple[tuple[str, str], ...]:
    """What the file at `path` is stored with: what the site's rules say (`ruled`, by path), else
    what files of that name have anyway."""
    return ruled.get(path) or header_pairs(path)


def header_pairs(path: str) -> tuple[tuple[str, str], ...]:
    """The same as pairs, as a manifest has them."""
    return tuple(headers_for(path).items())
