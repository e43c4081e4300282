"""Checks of VRFs and routes."""

from __future__ import annotations

from flowc.checks.base import AnyCheck
from flowc.checks.routes import (
    conntrack_zones,
    endpoint_elsewhere,
    leak_without_way_back,
    pinned_behind_barrier,
    pinned_table_taken,
    route_for_nobody,
    same_network_twice,
    tenant_without_way_out,
    uplink_does_not_answer,
    vrf_without_interface,
)

CHECKS: tuple[AnyCheck, ...] = (
    conntrack_zones.CHECK,
    same_network_twice.CHECK,
    vrf_without_interface.CHECK,
    leak_without_way_back.CHECK,
    endpoint_elsewhere.CHECK,
    route_for_nobody.CHECK,
    pinned_behind_barrier.CHECK,
    pinned_table_taken.CHECK,
    uplink_does_not_answer.CHECK,
    tenant_without_way_out.CHECK,
)
