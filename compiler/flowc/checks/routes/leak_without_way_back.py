"""A route out of a VRF into another one that has none back."""

from __future__ import annotations

from collections.abc import Mapping

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.addresses import Family
from flowc.ir.fronts import Fronts
from flowc.ir.network import Host
from flowc.source import Span

CODE = register(
    "FC508",
    "leak-without-way-back",
    Severity.WARNING,
    "A route leads out of one VRF by an interface of another, no route of the other leads back, and nothing is translated on "
    "the way. Requests leave, and the answers to them are looked up in a table that does not know the sender.",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report the first route of each pair of VRFs (one may be the main table) and family."""
    leaks = _leaks(host)
    if not leaks:
        return
    zones: dict[str, set[str]] = {}
    for zone in host.zones.values():
        for interface in zone.interfaces:
            zones.setdefault(interface, set()).add(zone.name)
    uses = host.derived(Fronts).uses
    for (vrf, there, family), ways in leaks.items():
        if (there, vrf, family) in leaks:
            continue
        for interface, span in ways.items():
            translated = any(vrf in uses.get(zone, ()) for zone in zones.get(interface, ()))
            if interface in zones and not translated:
                back = f"vrf `{there}`" if there else "the main table"
                own = f"vrf `{vrf}`" if vrf else "the main table"
                diagnostics.report(
                    CODE,
                    f"this route leads out of {own} by `{interface}`, and no route of {back} leads back",
                    span,
                    related=[(host.interfaces[interface].span, f"in {back}")],
                    help=f"for example: {_way_back(host, vrf, there, family)}",
                )
                break


def _leaks(host: Host) -> Mapping[tuple[str | None, str | None, Family], dict[str, Span]]:
    """From which VRF into which other one, by which interfaces, and the first route that does."""
    vrfs = {name: one.vrf for name, one in host.interfaces.items()}
    found: dict[tuple[str | None, str | None, Family], dict[str, Span]] = {}
    columns = map(host.routes.column, ("vrf", "family", "nexthops", "span"))
    for vrf, family, nexthops, span in zip(*columns, strict=True):
        for _, interface, _ in nexthops:
            if vrfs[interface] != vrf:
                found.setdefault((vrf, vrfs[interface], family), {}).setdefault(interface, span)
    return found


def _way_back(host: Host, vrf: str | None, there: str | None, family: Family) -> str:
    """A route that would do."""
    inside = [(one, prefix) for one in host.interfaces.values() if one.vrf == vrf for prefix in one.prefixes]
    own = next(((one.name, str(prefix)) for one, prefix in inside if prefix.family == family), ("INTERFACE", "NETWORK"))
    return f"route {own[1]} on {own[0]}" + (f" vrf {there}" if there else "")


_LEAK = """
vrf acme { table 1000 }
interface vms { device tap1; address 10.0.0.1/24; vrf acme }
interface lan { device eth1; address 10.1.0.1/24 }
zone tenant { interface vms }
zone services { interface lan }
policy tenant -> services { accept udp 53 }
route 10.1.0.0/24 on lan vrf acme
"""

CHECK = Check(CODE, run, bad=_LEAK, good=_LEAK + "route 10.0.0.0/24 on vms\n")
