"""From a zip to the site in it: the stages of the archive core, in order.

1. `central_directory` reads the list of entries from the end of the zip (the only reads).
2. `checks` refuses what must not be deployed.
3. `site_root` finds the folder that is the site.
4. The entries below it become site files.
"""

from __future__ import annotations

from chalicelib.archive.central_directory import read_central_directory
from chalicelib.archive.checks import check, check_site_paths, end_offsets
from chalicelib.archive.models import ByteSource, CentralDirectory, Limits, Site, SiteFile
from chalicelib.archive.names import is_secret, nfc, quoted
from chalicelib.archive.site_root import find_root
from chalicelib.rules.model import RULE_FILES

_MAX_NAMED = 3  # secrets that a warning names


def inspect(source: ByteSource, limits: Limits | None = None) -> Site:
    """The site in the zip that `source` holds; `limits` None means the default ones.

    Raises UploadRefused, and what `source` raises.
    """
    limits = limits or Limits()
    directory = read_central_directory(
        source, max_entries=limits.entries, max_directory_bytes=limits.directory_bytes
    )
    return site_in(directory, limits)


def site_in(directory: CentralDirectory, limits: Limits) -> Site:
    """The site in a zip with these entries.

    Paths are NFC: links are typed in that form, while macOS's zips hold names in NFD, so the
    names as uploaded would not be found. Raises UploadRefused.
    """
    kept = check(directory, limits)
    named = [(nfc(entry.name), entry) for entry in kept]
    root = find_root(name for name, _ in named)
    ends = end_offsets(directory)
    files = tuple(
        SiteFile(name[len(root) :], entry, ends[entry.header_offset])
        for name, entry in sorted(named, key=lambda pair: pair[1].header_offset)
        if name.startswith(root)
    )
    check_site_paths((file.path for file in files), limits)
    inside = len(files)
    rules = tuple(file for file in files if file.path in RULE_FILES)
    files = tuple(file for file in files if file.path not in RULE_FILES)
    every = sum(1 for entry in directory.entries if not entry.is_folder)
    outside = len(kept) - inside
    return Site(
        root=root,
        files=files,
        total_bytes=sum(file.entry.bytes for file in files),
        rules=rules,
        ignored=every - len(kept),
        outside=outside,
        warnings=_warnings(directory, root, outside),
    )


def _warnings(directory: CentralDirectory, root: str, outside: int) -> tuple[str, ...]:
    warnings = []
    secrets = sorted(entry.name for entry in directory.entries if is_secret(entry.name))
    if secrets:
        names = ", ".join(quoted(name) for name in secrets[:_MAX_NAMED])
        more = f" and {len(secrets) - _MAX_NAMED:,} more" if len(secrets) > _MAX_NAMED else ""
        warnings.append(
            f"Left out because environment files hold secrets: {names}{more}; "
            "keep them out of the zip."
        )
    if outside:
        files = "1 file lies" if outside == 1 else f"{outside:,} files lie"
        warnings.append(f"{files} outside {quoted(root)}, the site's folder: not deployed.")
    return tuple(warnings)
