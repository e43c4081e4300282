"""Checks of neighbours and endpoints."""

from __future__ import annotations

from flowc.checks.base import AnyCheck
from flowc.checks.neighbors import (
    endpoint_off_link,
    neighbor_is_host,
    neighbor_off_link,
    neighbor_on_layer3,
    next_hop_without_neighbor,
    shared_mac,
)

CHECKS: tuple[AnyCheck, ...] = (
    next_hop_without_neighbor.CHECK,
    neighbor_off_link.CHECK,
    endpoint_off_link.CHECK,
    neighbor_is_host.CHECK,
    neighbor_on_layer3.CHECK,
    shared_mac.CHECK,
)
