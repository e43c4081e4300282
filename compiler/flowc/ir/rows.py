"""The rows of the tables. Addresses are integers with a family column; names are what the file calls a thing."""

from __future__ import annotations

from typing import Literal, NamedTuple

from flowc.ir.addresses import Family, Prefix
from flowc.source import Span


class EndpointRow(NamedTuple):
    """A machine behind an interface; with a MAC, its neighbour entry is permanent and its sources are pinned to it."""

    name: str
    v4: int | None
    v6: int | None
    interface: str
    mac: str | None
    span: Span


class EipRow(NamedTuple):
    """A public address and the inside address that owns it, both ways. `zone` is the outside: that of the pool."""

    family: Family
    public: int
    target: int
    vrf: str | None
    zone: str
    label: str
    """The target as written."""
    datapath: Literal["nft", "tc"] | None
    """Where it says so itself, whatever its host says."""
    stateless: bool
    """Without connection tracking, as far as the policies need none."""
    span: Span


class PrefixEipRow(NamedTuple):
    """EIPs by the prefix: address N of `public` and address N of `target`, both of `length`, are one machine's."""

    family: Family
    public: int
    target: int
    length: int
    """Less than an address has bits: one address is an `EipRow`."""
    vrf: str | None
    zone: str
    label: str
    """The target as written."""
    datapath: Literal["nft", "tc"] | None
    """Where they say so themselves, whatever their host says."""
    stateless: bool
    span: Span

    @property
    def public_prefix(self) -> Prefix:
        return Prefix(self.family, self.public, self.length)

    @property
    def target_prefix(self) -> Prefix:
        return Prefix(self.family, self.target, self.length)


class ForwardRow(NamedTuple):
    """A port forward (DNAT). `protocol` None translates the whole address, then the ports are 0."""

    family: Family
    protocol: Literal["tcp", "udp", "sctp", "udplite"] | None
    public: int
    low: int
    high: int
    target: int
    target_low: int
    """First port of a range of the same size; equal to `low` where ports are kept."""
    vrf: str | None
    zone: str
    """The outside: where it is addressed from."""
    inside: str
    """The zone that the file says the target is in. Where it is, links and routes tell."""
    span: Span


class NeighborRow(NamedTuple):
    """Without a MAC the kernel keeps it resolved (`managed`)."""

    family: Family
    address: int
    interface: str
    mac: str | None
    span: Span


class RouteRow(NamedTuple):
    """`nexthops` are (gateway or None, interface name, weight); empty for `unreachable` and `blackhole`."""

    family: Family
    network: int
    length: int
    kind: Literal["unicast", "unreachable", "blackhole"]
    nexthops: tuple[tuple[int | None, str, int], ...]
    vrf: str | None
    metric: int | None
    source: Prefix | None
    """Only packets with such a source take it; None: all do. A route with several sources is a row for each."""
    span: Span
