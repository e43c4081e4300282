"""VRFs and interfaces. A tunnel is an interface whose link is a `Tunnel`."""

from __future__ import annotations

from enum import StrEnum
from functools import cached_property
from ipaddress import IPv4Interface, IPv6Interface
from typing import TypeAlias
from zlib import crc32

from flowc.ir.addresses import Family, Prefix
from flowc.ir.model import Model
from flowc.source import Span

MOST_VRFS = (1 << 14) - 2
"""Numbers of VRFs go from 1 to this: two fit into a connection mark beside its other bits, and one more is the main
table's."""

KERNELS_OWN = ("gre0", "gretap0", "erspan0", "ip6gre0", "tunl0", "sit0", "ip6tnl0", "ip_vti0", "ip6_vti0")
"""Devices that the kernel makes itself when a module of its tunnels is loaded."""


class Vrf(Model):
    name: str
    device: str
    table: int
    """Routing table number."""
    span: Span

    @property
    def number(self) -> int:
        """What stands for the VRF as a conntrack zone and in marks: its table where that is small enough, else a hash
        of the name. Either way it does not depend on what else is declared.
        """
        return self.table if self.table <= MOST_VRFS else 1 + crc32(self.name.encode()) % MOST_VRFS


class Spoofing(StrEnum):
    """Which source addresses an interface takes."""

    CHECKED = "checked"
    """Those of its prefixes and of the routes that lead out of it."""
    ALLOWED = "allowed"
    """All."""
    STRICT = "strict"
    """Those of the endpoints declared on it."""


class Device(Model):
    """A device that is there already."""


class Vlan(Model):
    parent: str
    """Name of the parent interface."""
    id: int


class Bridge(Model):
    ports: tuple[str, ...]
    """Names of interfaces."""


class Veth(Model):
    peer: str
    """Device name of the other end."""


class TunnelKind(StrEnum):
    GRE = "gre"
    GRETAP = "gretap"
    IP6GRE = "ip6gre"
    IP6GRETAP = "ip6gretap"

    @property
    def ethernet(self) -> bool:
        return self in (TunnelKind.GRETAP, TunnelKind.IP6GRETAP)

    @property
    def outer_family(self) -> Family:
        return 4 if self in (TunnelKind.GRE, TunnelKind.GRETAP) else 6


class Tunnel(Model):
    """`remote` and the keys are None for a shared (collect-metadata) device; `over` names such a device."""

    kind: TunnelKind
    local: int | None
    remote: int | None
    ikey: int | None
    okey: int | None
    ttl: int | None
    underlay: str | None
    """Name of the interface the tunnel is bound to."""
    shared: bool = False
    over: str | None = None

    @property
    def overhead(self) -> int:
        """Bytes that it adds: outer IP, GRE, the key, an inner Ethernet header, and over IPv6 the encapsulation limit
        option that Linux sends by default (RFC 2784, RFC 2890, RFC 2473; kernel: net/ipv6/ip6_gre.c).
        """
        outer = 20 if self.kind.outer_family == 4 else 40 + 8
        keyed = self.okey is not None or self.shared
        return outer + 4 + (4 if keyed else 0) + (14 if self.kind.ethernet else 0)


LinkSpec: TypeAlias = Device | Vlan | Bridge | Veth | Tunnel


class Interface(Model):
    name: str
    device: str
    link: LinkSpec
    addresses: tuple[IPv4Interface | IPv6Interface, ...]
    vrf: str | None
    mtu: int | None
    mac: str | None
    dhcp: bool
    spoofing: Spoofing
    span: Span
    options: tuple[tuple[str, Span], ...] = ()
    """Where each option is given, with its keyword."""

    def place(self, option: str) -> Span:
        """Where an option is given; the whole declaration if it is not."""
        return next((span for keyword, span in self.options if keyword == option), self.span)

    @property
    def carrier(self) -> str | None:
        """The shared tunnel that a key goes over. A key has no device of its own."""
        return self.link.over if isinstance(self.link, Tunnel) else None

    @cached_property
    def prefixes(self) -> tuple[Prefix, ...]:
        """The connected prefixes."""
        found = (address.network for address in self.addresses)
        return tuple(Prefix(4 if net.version == 4 else 6, int(net.network_address), net.prefixlen) for net in found)
