"""Translation to an address that nothing leads to."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from flowc.checks.base import NetworkCheck
from flowc.checks.few import first_few
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.addresses import FAMILIES, Family, Prefix, Range, format_range, merge, touches
from flowc.ir.network import Host, Network
from flowc.source import Span

CODE = register(
    "FC318",
    "target-unreachable",
    Severity.WARNING,
    "What a public address is translated to is in no network of its VRF, and no route of the VRF leads there, or only the "
    "default route, back out to where the packets come from. They are translated and lost.",
)


class _Target(NamedTuple):
    vrf: str | None
    family: Family
    range: Range
    zone: str
    """The outside."""
    span: Span


def run(network: Network, diagnostics: Diagnostics) -> None:
    """Report such targets of EIPs, one by one or by the prefix, and of port forwards."""
    for (host, target, other), notes in first_few(_unreachable(network)):
        text = format_range(target.family, *target.range)
        where = f"vrf `{target.vrf}`" if target.vrf else "the main routing table"
        diagnostics.report(
            CODE,
            f"nothing in {where} leads to the target `{text}`",
            target.span,
            f"it is in {f'vrf `{other}`' if other else 'no VRF'}" if other != target.vrf else "",
            related=[(host.vrfs[target.vrf].span, "the VRF")] if target.vrf else (),
            notes=notes,
            help=f"name the VRF it is in: `vrf {other}`" if other and other != target.vrf else _route(target, text),
        )


def _unreachable(network: Network) -> Iterator[tuple[Host, _Target, str | None]]:
    """With the VRF that it is in. What belongs to all hosts may lead somewhere on one of them alone."""
    ways = [_Ways(host) for host in network.hosts]
    found = [
        [one for one in _targets(host) if not way.lead_to(one)] for host, way in zip(network.hosts, ways, strict=True)
    ]
    good: set[Span] = set()
    if len(network.hosts) > 1 and any(found):
        for host, bad in zip(network.hosts, found, strict=True):
            good |= {one.span for one in _targets(host)} - {one.span for one in bad}
    for host, way, bad in zip(network.hosts, ways, found, strict=True):
        yield from ((host, one, way.elsewhere(one)) for one in bad if one.span not in good)


def _route(target: _Target, text: str) -> str:
    return f"add a route: `route {text} via GATEWAY" + (f" vrf {target.vrf}`" if target.vrf else "`")


def _targets(host: Host) -> Iterator[_Target]:
    for table in (host.eips, host.forwards):
        columns = map(table.column, ("vrf", "family", "target", "zone", "span"))
        for vrf, family, target, zone, span in zip(*columns, strict=True):
            yield _Target(vrf, family, Range(target, target), zone, span)
    for row in host.prefix_eips:
        yield _Target(row.vrf, row.family, row.target_prefix.range, row.zone, row.span)


class _Ways:
    """Where a VRF has a way to: its networks, its routes, and what the file says is on an interface of it."""

    def __init__(self, host: Host) -> None:
        self._host = host
        interfaces = host.interfaces.values()
        self._networks: dict[str | None, list[Prefix]] = {vrf: [] for vrf in self._vrfs}
        for one in interfaces:
            self._networks[one.vrf] += one.prefixes
        zoned = host.zoned()
        silent = (one for one in interfaces if one.dhcp or not (one.prefixes or one.name in self._out))
        self._unsaid = frozenset(one.vrf for one in silent if one.name in zoned)
        """VRFs with an interface that the file says too little of."""

    @property
    def _vrfs(self) -> tuple[str | None, ...]:
        return (None, *self._host.vrfs)

    def lead_to(self, target: _Target) -> bool:
        """True also where nobody can tell."""
        vrf, family = target.vrf, target.family
        if vrf in self._unsaid or touches(self._near[vrf, family], *target.range):
            return True
        if (vrf, family, target.range.low) in self._endpoints:
            return True
        return not self._defaults.get((vrf, family), set()) <= {*self._host.zones[target.zone].interfaces}

    def elsewhere(self, target: _Target) -> str | None:
        """The VRF in which it is; the target's own where it is in none."""
        found = (vrf for vrf in self._vrfs if touches(self._near[vrf, target.family], *target.range))
        return next(found, target.vrf)

    @cached_property
    def _out(self) -> frozenset[str]:
        """The interfaces that routes lead out of."""
        return frozenset(name for hops in self._host.routes.column("nexthops") for _, name, _ in hops)

    @cached_property
    def _near(self) -> dict[tuple[str | None, Family], tuple[Range, ...]]:
        """What is in a VRF's networks, or behind one of its routes that is no default route."""
        found: dict[tuple[str | None, Family], list[Range]] = {(vrf, f): [] for vrf in self._vrfs for f in FAMILIES}
        for vrf, prefixes in self._networks.items():
            for prefix in prefixes:
                found[vrf, prefix.family].append(prefix.range)
        columns = map(self._host.routes.column, ("family", "network", "length", "nexthops", "vrf"))
        for family, network, length, hops, vrf in zip(*columns, strict=True):
            if length and hops:
                found[vrf, family].append(Prefix(family, network, length).range)
        return {place: merge(ranges) for place, ranges in found.items()}

    @cached_property
    def _defaults(self) -> dict[tuple[str | None, Family], set[str]]:
        """The interfaces that a VRF's default routes lead out of."""
        found: dict[tuple[str | None, Family], set[str]] = {}
        columns = map(self._host.routes.column, ("family", "length", "nexthops", "vrf"))
        for family, length, hops, vrf in zip(*columns, strict=True):
            if not length:
                found.setdefault((vrf, family), set()).update(name for _, name, _ in hops)
        return found

    @cached_property
    def _endpoints(self) -> frozenset[tuple[str | None, Family, int]]:
        """Of those another check says where they lie."""
        vrfs = {name: one.vrf for name, one in self._host.interfaces.items()}
        columns = map(self._host.endpoints.column, ("v4", "v6", "interface"))
        found: set[tuple[str | None, Family, int]] = set()
        for v4, v6, name in zip(*columns, strict=True):
            found |= {(vrfs[name], 4, v4)} if v4 is not None else set()
            found |= {(vrfs[name], 6, v6)} if v6 is not None else set()
        return frozenset(found)


_TENANT = """
vrf red { table 1 }
vrf blue { table 2 }
interface red-vms { device tap1; address 10.1.0.1/24; vrf red }
interface blue-vms { device tap2; address 10.2.0.1/24; vrf blue }
interface uplink { device eth0; address 192.0.2.1/24 }
route default via 192.0.2.254 on uplink vrf red
route default via 192.0.2.254 on uplink vrf blue
zone tenants { interface red-vms, blue-vms }
zone internet { interface uplink }
pool public 203.0.113.0/24 at internet
policy internet -> tenants { accept tcp 443 }
policy tenants -> internet { accept }
policy internet -> self { accept tcp 22 }
nat tenants -> internet { masquerade }
"""

CHECK = NetworkCheck(
    CODE,
    run,
    bad=_TENANT + "eip 203.0.113.80 <-> 10.2.0.80 vrf red\n",
    good=_TENANT + "eip 203.0.113.80 <-> 10.2.0.80 vrf blue\n",
)
