"""Which flowc this is."""

from __future__ import annotations


def installed_version() -> str | None:
    """The version that was installed; None in a checkout that is not. Looking it up costs more than all of `--help`."""
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415  # see above

    try:
        return version("flowc")
    except PackageNotFoundError:
        return None
