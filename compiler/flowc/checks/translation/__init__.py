"""Checks of EIPs, port forwards and source translation."""

from __future__ import annotations

from flowc.checks.base import AnyCheck
from flowc.checks.translation import (
    address_of_another,
    eip_is_own_address,
    eip_on_two_hosts,
    end_of_network,
    forward_into_other_zone,
    forward_on_eip,
    forward_takes_others_port,
    forward_takes_own_port,
    pool_holds_network,
    prefix_on_link,
    public_on_two_hosts,
    public_outside_pools,
    reached_from_two_zones,
    snat_as_eip,
    snat_from_forwarded_port,
    snat_ports_too_few,
    snat_shares_eip,
    snat_without_effect,
    target_unreachable,
    translated_to_host,
    translated_to_itself,
    translation_at_nothing,
)

CHECKS: tuple[AnyCheck, ...] = (
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
    forward_into_other_zone.CHECK,
    snat_without_effect.CHECK,
    forward_takes_others_port.CHECK,
    public_outside_pools.CHECK,
)
