"""What an upload's name and time mean: the alias it is for, its place in the order of uploads."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from chalicelib.errors import UploadRefused

DEFAULT_ALIAS = "production"
ALIAS_PATTERN = r"[a-z0-9][a-z0-9-]{0,62}"  # a DNS label (RFC 1035), so it can be a host name
_SEQUENCER_DIGITS = 32  # S3 documents no length; 16 to 18 hex digits have been seen


def is_alias(name: str) -> bool:
    """Whether `name` may name an alias."""
    return re.fullmatch(ALIAS_PATTERN, name) is not None


def alias_of_key(key: str) -> str:
    """The alias an object of the source bucket is for: `<alias>/<name>.zip`, or `<name>.zip`.

    Raises UploadRefused when the key has no such form.
    """
    folder, _, name = key.rpartition("/")
    if not name.lower().endswith(".zip"):
        raise UploadRefused(
            f"The object {key!r} is not named like a zip: upload it as <alias>/<name>.zip."
        )
    if not folder:
        return DEFAULT_ALIAS
    if not is_alias(folder):
        raise UploadRefused(
            f"The folder {folder!r} of the object {key!r} cannot name an alias: "
            "use up to 63 lower-case letters, digits and hyphens."
        )
    return folder


def upload_order(stored_at: datetime, sequencer: str) -> str:
    """A text that sorts uploads by the time S3 stored them.

    S3 gives whole seconds; within one, its event sequencer decides (hexadecimal; of two the
    shorter is padded on the right before comparing).
    """
    return f"{_second(stored_at)} {sequencer.upper().ljust(_SEQUENCER_DIGITS, '0')}"


def decision_order(moment: datetime) -> str:
    """The order of what a person decided at `moment`.

    It comes after every upload stored in an earlier second and before those of the same second:
    who switches and uploads right after expects the upload to go live.
    """
    return _second(moment)


def _second(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
