"""The nft table: sets, maps and policy chains as data. How its base chains hang together is the backend's template.

What is the same for every host (hooks, priorities, the order of the steps) is not data and stands in the template only.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from flowc.hoststate.routing import Family
from flowc.hoststate.rules import CtHelper, Meter, PolicyChain, RuleChain
from flowc.hoststate.sets import ByFamily, NftSet, PlaceMap
from flowc.source import Span


@dataclass(frozen=True, slots=True)
class Flowtable:
    """The fast path. In hardware mode every device has to take flows, or the kernel refuses it as a whole."""

    devices: tuple[str, ...]
    pinned: tuple[str, ...]
    """Those of the devices with addresses that are pinned to a MAC: a flowtable does not compare it."""
    hardware: bool
    span: Span = field(compare=False)
    """What asks for it: the host's `offload`, or else a rule's."""
    counter: bool = True
    """It counts into conntrack. Lowering always wants that; one that is read may not."""


@dataclass(frozen=True, slots=True)
class SnatRule:
    """Source translation of what comes from these places; `to` None is masquerade."""

    family: Family
    key: str
    """What the elements are, as an nft expression: a device or a conntrack zone, and perhaps a source address."""
    elements: tuple[str, ...]
    to: str | None
    ports: tuple[int, int] | None
    span: Span = field(compare=False)
    hairpin: str | None = None
    """Masquerade: the address that it stands for where the packet does not leave, but comes back."""


@dataclass(frozen=True, slots=True)
class Outside:
    """A zone with public addresses: what leaves to it is translated here, and callers from inside come back here."""

    zone: str
    chain: str
    eips: ByFamily
    """Inside address to EIP, by conntrack zone."""
    ports: ByFamily
    """Forwarded port of an inside address to the public port, by conntrack zone."""
    port_ranges: ByFamily
    """The same for ranges that keep their ports, to the public address."""
    prefixes: ByFamily
    """Inside prefix to public prefix, by conntrack zone."""
    snats: tuple[SnatRule, ...]
    members: PlaceMap
    """Where the zone itself is: what comes from there is no hairpin."""
    callers: PlaceMap
    """From where a policy leads to the zone, for traffic that comes back at once (hairpin)."""
    targets: PlaceMap
    """To where a policy leads from the zone: it judges the way back in."""
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class SourceSets:
    """Who may send from which address: by device, or for keys of a shared tunnel device by packet mark."""

    checks: NftSet
    allowed: ByFamily
    foreign: ByFamily
    pinned: ByFamily
    pinned_macs: ByFamily

    def sets(self) -> tuple[NftSet | ByFamily, ...]:
        return (self.checks, self.allowed, self.foreign, self.pinned, self.pinned_macs)


@dataclass(frozen=True, slots=True)
class Sources:
    devices: SourceSets
    keys: SourceSets


@dataclass(frozen=True, slots=True)
class OpenVrfs:
    """VRFs whose traffic also leaves the VRF. What leaves is in the zone in its original direction only, unless the
    public address that it leaves by tells whose it is.
    """

    members: NftSet
    """By device, or for keys of a shared tunnel device by packet mark."""
    inside: ByFamily
    """Destinations that stay in the VRF."""
    hosts: ByFamily
    """Sources with an EIP at a front."""
    prefixes: ByFamily
    """The same for whole prefixes."""
    ports: ByFamily
    """Sources and their ports that a port forward at a front leads to."""

    def sets(self) -> tuple[NftSet | ByFamily, ...]:
        return (self.members, self.inside, self.hosts, self.prefixes, self.ports)


@dataclass(frozen=True, slots=True)
class Conntrack:
    """Conntrack zones keep the connections of VRFs with the same addresses apart."""

    zones: NftSet
    """Device to zone."""
    key_zones: NftSet
    """Packet mark of a shared tunnel's key to zone."""
    open_vrfs: OpenVrfs
    open_keys: OpenVrfs
    front_devices: NftSet
    """Where the public addresses of several VRFs are reached."""
    public: ByFamily
    """All addresses that those have outside."""
    eip_zones: ByFamily
    """EIP to the zone of its owner."""
    prefix_zones: ByFamily
    """The same for whole prefixes."""
    port_zones: ByFamily
    """Forwarded port to the zone of its target."""


@dataclass(frozen=True, slots=True)
class Home:
    """The main table, or the VRF of a front: its number is no conntrack zone."""

    chain: str
    number: int


@dataclass(frozen=True, slots=True)
class Crossing:
    """Connections that translation leads from one VRF into another."""

    devices: NftSet
    """Where they may come in."""
    targets: ByFamily
    """Public address to the VRF that it is translated into."""
    prefix_targets: ByFamily
    """The same for whole prefixes."""
    port_targets: ByFamily
    """Public port to the same."""
    members: NftSet
    """Where their replies may come from: the VRF translated into, and device."""
    keys: NftSet
    """The same for keys of a shared tunnel device: that VRF, and the packet's."""
    callers: PlaceMap
    """Those in conntrack zone 0 that may call public addresses from inside, to the chain of their home."""
    homes: tuple[Home, ...]

    def __bool__(self) -> bool:
        return bool(self.devices)


@dataclass(frozen=True, slots=True)
class Inbound:
    """What translates destinations. `key` is what stands before the public address in all keys: a VRF, or nothing."""

    forwards: ByFamily
    forward_ranges: ByFamily
    eips: ByFamily
    prefixes: ByFamily
    pools: ByFamily
    """Public addresses that are dropped where nothing translates them."""
    gates: ByFamily
    """Public addresses that may be called from inside: the way out is judged first."""
    port_gates: ByFamily
    """The same for single ports of addresses that are the host's own."""
    entries: ByFamily
    """Called from inside, by the address called: the policy that judges the way back in."""
    returns: ByFamily
    """The same, for the source that the caller has outside."""

    def sets(self) -> tuple[ByFamily, ...]:
        return (self.forwards, self.forward_ranges, self.eips, self.prefixes, self.pools, self.gates, self.port_gates, self.entries,
                self.returns)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Translation:
    local: Inbound
    """Of public addresses that belong to the VRF they are reached in."""
    front: Inbound
    """Of those that are reached in one VRF for all others."""
    exits: PlaceMap
    """To the chain that translates what leaves there."""
    outsides: tuple[Outside, ...]


@dataclass(frozen=True, slots=True)
class Clamp:
    """TCP segments that fit a device's MTU: (device, MSS over IPv4, MSS over IPv6)."""

    devices: tuple[str, ...]
    mss4: int
    mss6: int


@dataclass(frozen=True, slots=True)
class FromZone:
    """Where what comes from a zone may go, and by which policy."""

    chain: str
    targets: PlaceMap
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Dispatch:
    """From where and to where a packet goes, to its policy."""

    forward: PlaceMap
    """Where it comes from, to the chain of that zone."""
    zones: tuple[FromZone, ...]
    input: PlaceMap
    output: PlaceMap
    chains: tuple[PolicyChain, ...]
    rule_chains: tuple[RuleChain, ...]
    meters: tuple[Meter, ...]
    helpers: tuple[CtHelper, ...]
    tunnel_peers: ByFamily
    """Outer source and destination of the tunnels: their GRE is admitted."""
    dhcp: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NftTable:
    """Everything in `table inet flowc`."""

    flowtable: Flowtable | None
    carriers: tuple[str, ...]
    """Devices of shared tunnels."""
    sources: Sources
    conntrack: Conntrack
    crossing: Crossing
    translation: Translation
    dispatch: Dispatch
    clamps: tuple[Clamp, ...]
