"""MAC addresses that a filter writes and that are not known before it stands on its host.

tc writes constants (tc-pedit(8)), so a filter that is made without the right MAC loses packets, silently.
"""

from __future__ import annotations

from typing import NamedTuple


class MacOfDevice(NamedTuple):
    """The address that a device has."""

    device: str


class MacOfNeighbor(NamedTuple):
    """The address of a machine on a device's link."""

    address: str
    """IP address as canonical text."""
    device: str


Reference = MacOfDevice | MacOfNeighbor
