"""Numbers that flowc gives out: they depend on the thing declared, never on its place in the file."""

from __future__ import annotations

from flowc.ir.links import Vrf

MAIN_TABLE = 254
"""The kernel's main routing table (include/uapi/linux/rtnetlink.h)."""

LOCAL_TABLE = 255
"""Routes to the host's own addresses."""

MAIN_ZONE = 0
"""Conntrack zone of what is in no VRF."""


def routing_table(vrf: Vrf | None) -> int:
    """The table a VRF's routes are in; without a VRF the main table."""
    return MAIN_TABLE if vrf is None else vrf.table
