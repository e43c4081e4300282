"""Shared tunnels: one collect-metadata device that carries many keys.

The device has no key of its own, so nothing in the IP stack can tell what came in with which key. A flower filter on
its clsact ingress can: it matches key and outer addresses, sets the VRF's number as packet mark, and a routing rule
leads what has that mark into the VRF's table.
"""

from __future__ import annotations

from collections.abc import Iterator

from flowc.hoststate import FlowerFilter, Rule
from flowc.hoststate.marks import VRF_MASK
from flowc.ir.addresses import FAMILIES, format_address
from flowc.ir.links import Interface, Tunnel
from flowc.lower import numbers
from flowc.lower.links import uses_ipv6
from flowc.lower.topology import Topology

FILTER_PREFERENCE = 10
KEY_ZERO_PREFERENCE = 11
"""A filter's handle is its key, and a handle cannot be 0."""

RULE_PREFERENCE = 900
"""Before the kernel's l3mdev rule (1000), which knows a packet's VRF only by its device."""


def _keys(topology: Topology) -> Iterator[tuple[Interface, Tunnel, Tunnel, Interface]]:
    """Each key with its link, the shared device's link and the shared device."""
    for interface in sorted(topology.host.interfaces.values(), key=lambda one: one.name):
        link = interface.link
        if isinstance(link, Tunnel) and link.over:
            carrier = topology.host.interfaces[link.over]
            assert isinstance(carrier.link, Tunnel)
            yield interface, link, carrier.link, carrier


def filters(topology: Topology) -> tuple[FlowerFilter, ...]:
    """One for each key, all of one device at one preference, where flower finds them by hash."""
    found = []
    for interface, link, carried_by, carrier in _keys(topology):
        assert link.ikey is not None
        assert link.remote is not None
        assert carried_by.local is not None
        family = carried_by.kind.outer_family
        found.append(
            FlowerFilter(
                device=carrier.device,
                preference=FILTER_PREFERENCE if link.ikey else KEY_ZERO_PREFERENCE,
                handle=link.ikey or 1,
                protocol="all",
                key=link.ikey,
                outer_source=format_address(family, link.remote),
                outer_destination=format_address(family, carried_by.local),
                mark=(topology.conntrack_zone(interface.vrf), VRF_MASK),
                span=interface.span,
            )
        )
    return tuple(sorted(found, key=lambda one: (one.device, one.preference, one.handle)))


def rules(topology: Topology) -> tuple[Rule, ...]:
    """From mark to table, for each VRF that a key belongs to."""
    found = {}
    for interface, _, _, carrier in _keys(topology):
        vrf = topology.vrf(interface.name)
        if vrf is None:
            continue
        for family in FAMILIES if uses_ipv6(topology) else FAMILIES[:1]:
            rule = Rule(
                family=family,
                preference=RULE_PREFERENCE,
                table=vrf.table,
                span=interface.span,
                mark=(numbers.conntrack_zone(vrf), VRF_MASK),
                device=carrier.device,
            )
            found[family, carrier.device, vrf.table] = rule
    return tuple(found[key] for key in sorted(found))
