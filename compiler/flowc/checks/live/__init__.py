"""Checks of a host against its facts: what is true of the machine that a file is for, and does not fit the file.

What flowc's own output sets is no finding: forwarding, rp_filter, accounting (`flowc.lower.links.sysctls`).
"""

from __future__ import annotations

from flowc.checks.base import FactsCheck
from flowc.checks.live import (
    address_elsewhere,
    bridged_traffic_dropped,
    conntrack_nearly_full,
    device_has_other_master,
    device_missing,
    device_taken,
    device_takes_no_flows,
    driver_without_conntrack,
    eswitch_legacy,
    hw_tc_offload_off,
    ipv6_switched_off,
    kernel_is_older,
    link_exists,
    module_missing,
    mtu_beyond_device,
    neighbor_mac_differs,
    next_hop_does_not_answer,
    nft_too_old,
    public_address_in_use,
    route_replaced,
    service_captured,
    service_not_in_vrf,
    switches_differ,
    tunnel_local_absent,
    undeclared_device,
    underlay_elsewhere,
    underlay_mtu_smaller,
    vrf_table_in_use,
)

CHECKS: tuple[FactsCheck, ...] = (
    service_captured.CHECK,
    device_missing.CHECK,
    device_taken.CHECK,
    kernel_is_older.CHECK,
    nft_too_old.CHECK,
    module_missing.CHECK,
    device_takes_no_flows.CHECK,
    driver_without_conntrack.CHECK,
    switches_differ.CHECK,
    underlay_elsewhere.CHECK,
    hw_tc_offload_off.CHECK,
    eswitch_legacy.CHECK,
    conntrack_nearly_full.CHECK,
    public_address_in_use.CHECK,
    tunnel_local_absent.CHECK,
    neighbor_mac_differs.CHECK,
    next_hop_does_not_answer.CHECK,
    mtu_beyond_device.CHECK,
    underlay_mtu_smaller.CHECK,
    device_has_other_master.CHECK,
    address_elsewhere.CHECK,
    bridged_traffic_dropped.CHECK,
    vrf_table_in_use.CHECK,
    route_replaced.CHECK,
    service_not_in_vrf.CHECK,
    undeclared_device.CHECK,
    link_exists.CHECK,
    ipv6_switched_off.CHECK,
)
