"""What can go wrong with local AWS itself, as opposed to with what runs on it."""

from __future__ import annotations

from chalicelib.errors import DecantError


class LocalAwsFailed(DecantError):
    """Local AWS did not start, ended too early, or is not running where it was looked for."""


class SeamMoved(DecantError):
    """The installed emulator is not the one that Decant's extensions were written for."""
