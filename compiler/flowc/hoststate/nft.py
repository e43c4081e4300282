"""The nft table: sets, maps and policy chains as data. How its base chains hang together is the backend's template.

Elements and addresses are text in the form nft lists them, so that a state read back from the kernel compares equal.
What is the same for every host (hooks, priorities, the order of the steps) is not data and stands in the template only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from flowc.hoststate.routing import Family
from flowc.hoststate.rules import CtHelper, Meter, PolicyChain, RuleChain
from flowc.source import Span


@dataclass(frozen=True, slots=True)
class NftSet:
    """A named set, or a map where `value` is given.

    `key` and `value` are `typeof` expressions (`ct zone . ip daddr`), `value` may be `verdict`. The three lists run
    in parallel: the elements' keys, their values (empty for a set) and where they were declared.
    """

    name: str
    key: str
    value: str | None = None
    interval: bool = False
    keys: list[str] = field(default_factory=list)
    values: list[str] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list, compare=False)

    def add(self, key: str, span: Span, value: str | None = None) -> None:
        self.keys.append(key)
        self.spans.append(span)
        if value is not None:
            self.values.append(value)

    def __bool__(self) -> bool:
        return bool(self.keys)


@dataclass(frozen=True, slots=True)
class ByFamily:
    """The same set for both families."""

    v4: NftSet
    v6: NftSet

    def of(self, family: Family) -> NftSet:
        return self.v4 if family == 4 else self.v6

    def __iter__(self) -> Iterator[tuple[str, NftSet]]:
        """With nft's word for the family, those that have elements."""
        return ((word, one) for word, one in (("ip", self.v4), ("ip6", self.v6)) if one)


def by_family(name: str, key: str, value: str | None = None, *, interval: bool = False) -> ByFamily:
    """Two empty sets. `{ip}` in `key` and `value` is the family's word, `4` and `6` are appended to the name."""

    def make(family: Family) -> NftSet:
        word = "ip" if family == 4 else "ip6"
        return NftSet(
            f"{name}{family}",
            key.replace("{ip}", word),
            value.replace("{ip}", word) if value else None,
            interval,
        )

    return ByFamily(make(4), make(6))


@dataclass(frozen=True, slots=True)
class Flowtable:
    """The fast path. In hardware mode every device has to take flows, or the kernel refuses it as a whole."""

    devices: tuple[str, ...]
    pinned: tuple[str, ...]
    """Those of the devices with addresses that are pinned to a MAC: a flowtable does not compare it."""
    hardware: bool
    span: Span = field(compare=False)
    """What asks for it: the host's `offload`, or else a rule's."""


@dataclass(frozen=True, slots=True)
class SnatRule:
    """Source translation of what came in on these devices; `to` None is masquerade."""

    devices: tuple[str, ...]
    """In a VRF the VRF's device."""
    family: Family
    source: tuple[str, ...]
    """Source addresses; none is any."""
    to: str | None
    ports: tuple[int, int] | None
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Outside:
    """A zone with public addresses: what leaves to it is translated here, and callers from inside come back here."""

    zone: str
    chain: str
    devices: tuple[str, ...]
    eips: ByFamily
    """Inside address to EIP, by conntrack zone."""
    snats: tuple[SnatRule, ...]
    callers: NftSet
    """Inside device to the policy that judges its way out, for traffic that comes back at once (hairpin)."""
    targets: NftSet
    """Device to the policy that judges the way back in."""
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Sources:
    """Who may send from which address, by device."""

    checks: NftSet
    allowed: ByFamily
    foreign: ByFamily
    pinned: ByFamily
    pinned_macs: ByFamily


@dataclass(frozen=True, slots=True)
class Conntrack:
    """Conntrack zones keep the connections of VRFs with the same addresses apart."""

    zones: NftSet
    """Device to zone."""
    open_devices: NftSet
    """Devices of VRFs whose traffic also leaves the VRF: there only the original direction is in the zone."""
    inside: ByFamily
    """What of that traffic stays inside."""


@dataclass(frozen=True, slots=True)
class Translation:
    forwards: ByFamily
    forward_ranges: ByFamily
    eips: ByFamily
    pools: ByFamily
    """Public addresses that are dropped where nothing translates them."""
    exits: NftSet
    """Device to the chain that translates what leaves by it."""
    gates: ByFamily
    """Public addresses that may be called from inside: the way out is judged first."""
    port_gates: ByFamily
    """The same for single ports of addresses that are the host's own."""
    entries: ByFamily
    returns: ByFamily
    outsides: tuple[Outside, ...]


@dataclass(frozen=True, slots=True)
class Prefixes:
    """Whole prefixes that are translated, address by address."""

    eips: ByFamily
    """Public prefix to inside prefix, by conntrack zone."""
    sources: Mapping[str, ByFamily]
    """Of each zone that has some: inside prefix to public prefix, by conntrack zone."""


@dataclass(frozen=True, slots=True)
class Clamp:
    """TCP segments that fit a device's MTU: (device, MSS over IPv4, MSS over IPv6)."""

    devices: tuple[str, ...]
    mss4: int
    mss6: int


@dataclass(frozen=True, slots=True)
class Dispatch:
    """Device, or pair of devices, to policy."""

    forward: NftSet
    input: NftSet
    output: NftSet
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
    sources: Sources
    conntrack: Conntrack
    translation: Translation
    prefixes: Prefixes
    dispatch: Dispatch
    clamps: tuple[Clamp, ...]
