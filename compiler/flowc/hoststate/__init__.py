"""HostState: the kernel objects that make one host do what the file says.

It is the one desired state with several exits: the text backends print it, a diff compares two of them, and live state
is read back into it. Its types are the kernel's own objects in plain values (device names, numbers, addresses as
text in canonical form), never intent. Spans take no part in comparisons: where a thing was written is never a
difference between two states.
"""

from flowc.hoststate.links import GreTunnel, Link, LinkKind
from flowc.hoststate.routing import AddressRow, AnnouncementRow, Encap, NeighborRow, NextHop, RouteRow, Rule
from flowc.hoststate.state import HostState, NetworkState, Sysctl, nothing
from flowc.hoststate.tc import FlowerFilter

__all__ = [
    "AddressRow",
    "AnnouncementRow",
    "Encap",
    "FlowerFilter",
    "GreTunnel",
    "HostState",
    "Link",
    "LinkKind",
    "NeighborRow",
    "NetworkState",
    "NextHop",
    "RouteRow",
    "Rule",
    "Sysctl",
    "nothing",
]
