"""A VRF with public addresses at a zone that none of its routes leads to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.addresses import Family
from flowc.ir.fronts import Fronts
from flowc.ir.links import Interface
from flowc.ir.network import Host
from flowc.source import Span

CODE = register(
    "FC514",
    "tenant-without-way-out",
    Severity.WARNING,
    "A VRF has EIPs, port forwards or source translation at a zone whose interfaces are in another VRF, and no route of "
    "its own leads to one of them. What its machines send is unreachable, answers to what came in by an EIP included. The "
    "same goes for EIPs and port forwards at a zone of the VRF's own that no route leads out of, where they are on none of "
    "its networks; not where an interface of the VRF has `dhcp`, and not in the main table, where other programs add routes.",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report each such VRF once a zone."""
    fronts = host.derived(Fronts)
    ways = {(route.vrf, interface) for route in host.routes if fronts.zones for _, interface, _ in route.nexthops}
    for zone in sorted(fronts.zones):
        members = host.zones[zone].interfaces
        for vrf in sorted(name for name in fronts.uses[zone] if name is not None):
            own = any(host.interfaces[interface].vrf == vrf for interface in members)
            if not own and not any((vrf, interface) in ways for interface in members):
                diagnostics.report(
                    CODE,
                    f"no route of vrf `{vrf}` leads to zone `{zone}`, where its public addresses are",
                    host.vrfs[vrf].span,
                    related=[(host.zones[zone].span, "the zone")],
                    help=f"for example: route default via GATEWAY on {members[0]} vrf {vrf}",
                )
    _own_zones(host, fronts, diagnostics)


def _own_zones(host: Host, fronts: Fronts, diagnostics: Diagnostics) -> None:
    """Report each VRF with public addresses that nobody beyond its own networks gets an answer from."""
    links: dict[tuple[str, str], list[Interface]] = {}
    for zone, vrfs in fronts.uses.items():
        for interface in map(host.interfaces.__getitem__, host.zones[zone].interfaces):
            if interface.vrf in vrfs and interface.vrf is not None:
                links.setdefault((zone, interface.vrf), []).append(interface)
    told_by_others = {one.vrf for one in host.interfaces.values() if one.dhcp}
    closed = {
        (zone, vrf): members
        for (zone, vrf), members in links.items()
        if vrf not in told_by_others and all(one.addresses for one in members)
    }
    for zone, vrf, family, span in _without_answer(host, closed) if closed else ():
        diagnostics.report(
            CODE,
            f"no IPv{family} route of vrf `{vrf}` leads out of zone `{zone}`, where its public addresses are",
            host.vrfs[vrf].span,
            related=[
                (span, "only the networks of the zone's interfaces get answers from here"),
                (host.zones[zone].span, "the zone"),
            ],
            help=f"for example: route default via GATEWAY on {closed[zone, vrf][0].name} vrf {vrf}",
        )


def _without_answer(
    host: Host, closed: Mapping[tuple[str, str], Sequence[Interface]]
) -> Iterator[tuple[str, str, Family, Span]]:
    """Zone, VRF and family without a way out, with the first EIP or port forward that is on no network there."""
    ways: set[tuple[str | None, Family, str | None]] = set()
    columns = map(host.routes.column, ("vrf", "family", "length", "nexthops"))
    for vrf, family, length, nexthops in zip(*columns, strict=True):
        # Answers need not go out where the call came in: a default route is enough, or both halves of one.
        ways |= {(vrf, family, None if length <= 1 else name) for _, name, _ in nexthops}
    found: dict[tuple[str, str, Family], Span] = {}
    for rows in (host.eips, host.prefix_eips, host.forwards):
        columns = map(rows.column, ("zone", "vrf", "family", "public", "span"))
        for zone, vrf, family, public, span in zip(*columns, strict=True):
            members = closed.get((zone, vrf))
            if members is None or (zone, vrf, family) in found:
                continue
            if not any(prefix.contains(family, public) for one in members for prefix in one.prefixes):
                found[zone, vrf, family] = span
    for (zone, vrf, family), span in found.items():
        names = (None, *host.zones[zone].interfaces)
        if not any((vrf, family, name) in ways for name in names):
            yield zone, vrf, family, span


_TENANT = """
vrf acme { table 1000 }
interface vms { device tap1; address 10.0.0.1/24; vrf acme }
interface uplink { device eth0; address 192.0.2.1/24 }
endpoint web { address 10.0.0.80; interface vms }
zone tenant { interface vms }
zone internet { interface uplink }
policy internet -> tenant { accept tcp 443 via eip }
pool public 203.0.113.0/24 at internet
eip 203.0.113.80 <-> web
"""

CHECK = Check(CODE, run, bad=_TENANT, good=_TENANT + "route default via 192.0.2.254 on uplink vrf acme\n")
