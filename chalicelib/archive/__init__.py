"""The archive core: from the bytes of an uploaded zip to a site, without ever trusting the zip.

`inspect` judges a zip by its central directory, in two or three ranged reads. `iter_entries`
streams the content of its entries out of raw bytes and proves it. Both work on bytes they are
given: nothing here touches AWS, files or the network.
"""

from __future__ import annotations

from chalicelib.archive.central_directory import read_central_directory
from chalicelib.archive.checks import check
from chalicelib.archive.inspection import inspect, site_in
from chalicelib.archive.models import (
    ByteSource,
    CentralDirectory,
    Entry,
    Limits,
    Site,
    SiteFile,
)
from chalicelib.archive.reading import iter_entries
from chalicelib.archive.site_root import find_root

__all__ = [
    "ByteSource",
    "CentralDirectory",
    "Entry",
    "Limits",
    "Site",
    "SiteFile",
    "check",
    "find_root",
    "inspect",
    "iter_entries",
    "read_central_directory",
    "site_in",
]
