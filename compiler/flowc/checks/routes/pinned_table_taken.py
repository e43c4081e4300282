"""Two sources, or one and a VRF, that would share a routing table."""

from __future__ import annotations

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.network import Host
from flowc.ir.pinned import pinned_table
from flowc.ir.rows import RouteRow

CODE = register(
    "FC512",
    "shared-pinned-table",
    Severity.ERROR,
    "Routes with `from` are in routing tables of their own, whose numbers are hashes of the source and of the length of the "
    "destination. A source got the number of another one's, or of a VRF's, so each would get the other's routes.",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report the route whose table is a VRF's or that of another source."""
    vrfs = {vrf.table: vrf for vrf in host.vrfs.values()}
    seen: dict[tuple[int, int], RouteRow] = {}
    for route in host.pinned_routes():
        table = pinned_table(route)
        if table in vrfs:
            diagnostics.report(
                CODE,
                f"the routes of source `{route.source}` would be in table {table}, which is that of vrf `{vrfs[table].name}`",
                route.span,
                related=[(vrfs[table].span, "the VRF")],
                help="give the VRF another table",
            )
        first = seen.setdefault((route.family, table), route)
        if (first.source, first.length) != (route.source, route.length):
            diagnostics.report(
                CODE,
                f"routes /{route.length} of source `{route.source}` would be in table {table}, with those "
                f"/{first.length} of `{first.source}`",
                route.span,
                related=[(first.span, "the other route")],
                help="write one of the two sources as its two halves",
            )


CHECK = Check(
    CODE,
    run,
    bad="""
vrf acme { table 478199449 }
interface cable { device eth0; address 192.0.2.2/24 }
interface radio { device wwan0; address 198.51.100.2/24 }
zone internet { interface cable, radio }
route default via 192.0.2.1
route default via 198.51.100.1 from 198.51.100.0/24
""",
    good="""
vrf acme { table 1000 }
interface cable { device eth0; address 192.0.2.2/24 }
interface radio { device wwan0; address 198.51.100.2/24 }
zone internet { interface cable, radio }
route default via 192.0.2.1
route default via 198.51.100.1 from 198.51.100.0/24
""",
)
