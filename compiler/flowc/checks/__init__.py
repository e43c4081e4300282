"""Checks: what is wrong or surprising with a network whose every name and value is fine by itself.

A check is one file with its code, its explanation and two examples, and one line in `CHECKS`. Those of a host against
facts are in `flowc.checks.live`.
"""

from __future__ import annotations

from collections.abc import Mapping

from flowc.checks import (
    address_not_in_zone,
    address_of_another,
    bridge_port,
    bridge_port_has_ip,
    conntrack_zones,
    device_made_twice,
    eip_is_own_address,
    eip_on_two_hosts,
    end_of_network,
    endpoint_elsewhere,
    endpoint_without_zone,
    forward_into_other_zone,
    forward_on_eip,
    forward_takes_own_port,
    helper_and_offload,
    host_is_closed,
    implied,
    interface_without_zone,
    kernel_too_old,
    layer3_tunnel,
    leak_without_way_back,
    mtu_does_not_fit,
    needs_l3mdev_accept,
    neighbor_is_host,
    neighbor_off_link,
    neighbor_on_layer3,
    never_offloaded,
    next_hop_without_neighbor,
    not_in_hardware,
    offload_explained,
    offload_is_off,
    path_not_in_flowtable,
    pinned_behind_barrier,
    pinned_table_taken,
    policy_overridden,
    policy_without_path,
    pool_holds_network,
    prefix_on_link,
    public_on_two_hosts,
    reached_from_two_zones,
    redundant_rule,
    route_for_nobody,
    same_network_twice,
    shadowed_rule,
    shared_mac,
    shared_tunnel_keys,
    shared_tunnel_offload,
    snat_as_eip,
    snat_from_forwarded_port,
    snat_ports_too_few,
    snat_shares_eip,
    snat_without_effect,
    stacked_on_itself,
    strict_without_endpoints,
    target_not_admitted,
    target_unreachable,
    tenant_without_way_out,
    tests_not_run,
    too_many_offload_devices,
    too_many_vlan_tags,
    translated_to_host,
    translated_to_itself,
    translation_at_nothing,
    tunnel_local_elsewhere,
    tunnel_mtu_too_large,
    tunnel_not_in_hardware,
    tunnel_not_mirrored,
    tunnel_remote_unreachable,
    tunnel_through_itself,
    tunnel_to_itself,
    tunnel_without_other_end,
    unsupported,
    uplink_does_not_answer,
    vrf_without_interface,
    zone_family_left_out,
    zone_part_empty,
    zone_parts_overlap,
)
from flowc.checks.base import AnyCheck, Check, FactsCheck, NetworkCheck
from flowc.checks.live import LIVE_CHECKS
from flowc.diagnostics import Code, Diagnostics
from flowc.facts import Facts, Index
from flowc.ir.network import Network

CHECKS: tuple[AnyCheck, ...] = (
    interface_without_zone.CHECK,
    host_is_closed.CHECK,
    zone_parts_overlap.CHECK,
    shadowed_rule.CHECK,
    redundant_rule.CHECK,
    address_not_in_zone.CHECK,
    policy_without_path.CHECK,
    policy_overridden.CHECK,
    target_not_admitted.CHECK,
    forward_into_other_zone.CHECK,
    snat_without_effect.CHECK,
    conntrack_zones.CHECK,
    offload_is_off.CHECK,
    helper_and_offload.CHECK,
    shared_tunnel_offload.CHECK,
    next_hop_without_neighbor.CHECK,
    neighbor_off_link.CHECK,
    neighbor_is_host.CHECK,
    neighbor_on_layer3.CHECK,
    shared_mac.CHECK,
    never_offloaded.CHECK,
    not_in_hardware.CHECK,
    tunnel_not_in_hardware.CHECK,
    path_not_in_flowtable.CHECK,
    too_many_vlan_tags.CHECK,
    too_many_offload_devices.CHECK,
    offload_explained.CHECK,
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
    tunnel_to_itself.CHECK,
    tunnel_local_elsewhere.CHECK,
    tunnel_remote_unreachable.CHECK,
    tunnel_through_itself.CHECK,
    tunnel_mtu_too_large.CHECK,
    bridge_port_has_ip.CHECK,
    zone_family_left_out.CHECK,
    zone_part_empty.CHECK,
    endpoint_without_zone.CHECK,
    strict_without_endpoints.CHECK,
    same_network_twice.CHECK,
    vrf_without_interface.CHECK,
    leak_without_way_back.CHECK,
    endpoint_elsewhere.CHECK,
    route_for_nobody.CHECK,
    unsupported.CHECK,
    implied.CHECK,
    tests_not_run.CHECK,
    *LIVE_CHECKS,
)


OF_FACTS: frozenset[Code] = frozenset(one.code for one in CHECKS if isinstance(one, FactsCheck))
"""What is found only where facts are given, and they say enough."""


def check(network: Network, diagnostics: Diagnostics, facts: Mapping[str, Facts] | None = None) -> None:
    """Run every check; those that need facts for the hosts that there are some of, by name.

    A network with errors is incomplete, so then there is nothing to add.
    """
    if diagnostics.has_errors:
        return
    indexes = {host: Index(found) for host, found in (facts or {}).items()}
    for one in CHECKS:
        if isinstance(one, FactsCheck):
            one.look_at(network, indexes, diagnostics)
        else:
            one.look_at(network, diagnostics)


__all__ = ["CHECKS", "OF_FACTS", "AnyCheck", "Check", "FactsCheck", "NetworkCheck", "check"]
