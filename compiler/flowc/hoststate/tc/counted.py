"""What has passed a filter."""

from __future__ import annotations

from typing import NamedTuple


class Packets(NamedTuple):
    """How many, and how long together."""

    packets: int
    bytes: int
    """Without the Ethernet header: packets that come in have lost it (net/core/dev.c, sch_handle_ingress)."""


class FilterCounters(NamedTuple):
    """Counted by the filter's first action, so of all packets that it was for; from the moment when it was made or replaced."""

    total: Packets
    hardware: Packets
    """Those of them that a NIC has done (TCA_STATS_BASIC_HW)."""
    in_hardware: bool
    """A NIC has taken the filter (TCA_CLS_FLAGS_IN_HW)."""
    hardware_counts: bool
    """A NIC counts what it does with them (TCA_ACT_USED_HW_STATS): without that `hardware` stays 0."""
