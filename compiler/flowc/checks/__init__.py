"""Checks: what is wrong or surprising with a network whose every name and value is fine by itself.

A check is one file with its code, its explanation and two examples, and one line in `CHECKS`.
"""

from __future__ import annotations

from flowc.checks import (
    address_of_another,
    bridge_port,
    conntrack_zones,
    device_made_twice,
    eip_is_own_address,
    eip_on_two_hosts,
    end_of_network,
    forward_on_eip,
    forward_takes_own_port,
    helper_and_offload,
    host_is_closed,
    implied,
    interface_without_zone,
    kernel_too_old,
    layer3_tunnel,
    mtu_does_not_fit,
    needs_l3mdev_accept,
    offload_is_off,
    pinned_behind_barrier,
    pinned_table_taken,
    pool_holds_network,
    prefix_on_link,
    public_on_two_hosts,
    reached_from_two_zones,
    shared_tunnel_keys,
    shared_tunnel_offload,
    snat_as_eip,
    snat_from_forwarded_port,
    snat_ports_too_few,
    snat_shares_eip,
    stacked_on_itself,
    target_unreachable,
    tenant_without_way_out,
    tests_not_run,
    translated_to_host,
    translated_to_itself,
    translation_at_nothing,
    tunnel_not_mirrored,
    tunnel_without_other_end,
    unsupported,
    uplink_does_not_answer,
    zone_parts_overlap,
)
from flowc.checks.base import AnyCheck, Check, NetworkCheck
from flowc.diagnostics import Diagnostics
from flowc.ir.network import Network

CHECKS: tuple[AnyCheck, ...] = (
    interface_without_zone.CHECK,
    host_is_closed.CHECK,
    zone_parts_overlap.CHECK,
    conntrack_zones.CHECK,
    offload_is_off.CHECK,
    helper_and_offload.CHECK,
    shared_tunnel_offload.CHECK,
    needs_l3mdev_accept.CHECK,
    kernel_too_old.CHECK,
    stacked_on_itself.CHECK,
    layer3_tunnel.CHECK,
    device_made_twice.CHECK,
    bridge_port.CHECK,
    mtu_does_not_fit.CHECK,
    shared_tunnel_keys.CHECK,
    pinned_behind_barrier.CHECK,
    pinned_table_taken.CHECK,
    uplink_does_not_answer.CHECK,
    reached_from_two_zones.CHECK,
    translation_at_nothing.CHECK,
    eip_is_own_address.CHECK,
    prefix_on_link.CHECK,
    eip_on_two_hosts.CHECK,
    snat_as_eip.CHECK,
    address_of_another.CHECK,
    end_of_network.CHECK,
    snat_from_forwarded_port.CHECK,
    snat_ports_too_few.CHECK,
    target_unreachable.CHECK,
    forward_takes_own_port.CHECK,
    snat_shares_eip.CHECK,
    forward_on_eip.CHECK,
    translated_to_host.CHECK,
    pool_holds_network.CHECK,
    translated_to_itself.CHECK,
    public_on_two_hosts.CHECK,
    tenant_without_way_out.CHECK,
    tunnel_not_mirrored.CHECK,
    tunnel_without_other_end.CHECK,
    unsupported.CHECK,
    implied.CHECK,
    tests_not_run.CHECK,
)


def check(network: Network, diagnostics: Diagnostics) -> None:
    """Run every check. A network with errors is incomplete, so then there is nothing to add."""
    if diagnostics.has_errors:
        return
    for one in CHECKS:
        one.look_at(network, diagnostics)


__all__ = ["CHECKS", "AnyCheck", "Check", "NetworkCheck", "check"]
