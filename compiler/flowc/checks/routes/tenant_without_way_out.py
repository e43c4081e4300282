"""A VRF with public addresses at a zone that none of its routes leads to."""

from __future__ import annotations

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.fronts import Fronts
from flowc.ir.network import Host

CODE = register(
    "FC514",
    "tenant-without-way-out",
    Severity.WARNING,
    "A VRF has EIPs, port forwards or source translation at a zone whose interfaces are in another VRF, and no route of "
    "its own leads to one of them. What its machines send is unreachable, answers to what came in by an EIP included.",
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
