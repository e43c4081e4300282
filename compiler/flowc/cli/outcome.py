"""Why a command could not do its work."""

from __future__ import annotations


class CannotRunError(Exception):
    """Usage, a file that cannot be read, a folder that cannot be written: exit status 2 and this one line."""
