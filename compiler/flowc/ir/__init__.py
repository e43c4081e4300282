"""The typed IR: a `Network` says what the file means, with every name looked up and every value read.

Small things (zones, policies, interfaces, ...) are pydantic models; what comes in many rows is in tables. Everything
carries the span it was declared at.
"""

from flowc.ir.addresses import AddressSet, Family, Prefix, Range
from flowc.ir.links import Bridge, Device, Interface, Spoofing, Tunnel, TunnelKind, Veth, Vlan, Vrf
from flowc.ir.nat import Masquerade, Nat, Snat
from flowc.ir.network import Host, Network, Offload
from flowc.ir.policy import (
    ANY,
    SELF,
    Action,
    Connections,
    Icmp,
    Limit,
    Log,
    Policy,
    Ports,
    Protocol,
    Rule,
    Traffic,
)
from flowc.ir.rows import EipRow, EndpointRow, ForwardRow, NeighborRow, RouteRow
from flowc.ir.tables import Table
from flowc.ir.zones import Pool, Zone, ZoneMember

__all__ = [
    "ANY",
    "SELF",
    "Action",
    "AddressSet",
    "Bridge",
    "Connections",
    "Device",
    "EipRow",
    "EndpointRow",
    "Family",
    "ForwardRow",
    "Host",
    "Icmp",
    "Interface",
    "Limit",
    "Log",
    "Masquerade",
    "Nat",
    "NeighborRow",
    "Network",
    "Offload",
    "Policy",
    "Pool",
    "Ports",
    "Prefix",
    "Protocol",
    "Range",
    "RouteRow",
    "Rule",
    "Snat",
    "Spoofing",
    "Table",
    "Traffic",
    "Tunnel",
    "TunnelKind",
    "Veth",
    "Vlan",
    "Vrf",
    "Zone",
    "ZoneMember",
]
