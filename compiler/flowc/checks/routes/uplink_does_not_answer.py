"""An uplink that some sources leave by, and that does not answer what comes in by it."""

from __future__ import annotations

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.addresses import Family
from flowc.ir.links import Interface
from flowc.ir.network import Host
from flowc.ir.rows import RouteRow

CODE = register(
    "FC513",
    "uplink-does-not-answer",
    Severity.WARNING,
    "Some sources have a default route out of this interface, the interface's own address has not. What somebody sends to "
    "that address is answered by another uplink, with a source that the provider there does not know and may drop.",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report default routes with sources, at whose interface the host has an address that is none of them."""
    pinned = [row for row in host.pinned_routes() if row.length == 0]
    if not pinned:
        return
    defaults = [row for row in host.routes if row.length == 0 and row.vrf is None]
    seen: set[tuple[Family, str]] = set()
    for route in pinned:
        for _, name, _ in route.nexthops:
            if (route.family, name) in seen:
                continue
            seen.add((route.family, name))
            interface = host.interfaces[name]
            silent = _unanswered(interface, route.family, defaults)
            if silent is not None:
                diagnostics.report(
                    CODE,
                    f"what comes in for `{silent}` by interface `{name}` is not answered by it",
                    route.span,
                    related=[(interface.span, "the interface")],
                    help=f"add the address to the sources: `from {{..., {silent}}}`",
                )


def _unanswered(interface: Interface, family: Family, defaults: list[RouteRow]) -> str | None:
    """The first of an interface's addresses that has no default route out of it."""
    out = [row for row in defaults if any(name == interface.name for _, name, _ in row.nexthops)]
    for own in interface.addresses:
        if own.version != family:
            continue
        if not any(
            row.source is None or row.source.contains(family, int(own.ip)) for row in out if row.family == family
        ):
            return str(own.ip)
    return None


CHECK = Check(
    CODE,
    run,
    bad="""
interface cable { device eth0; address 192.0.2.2/24 }
interface radio { device wwan0; address 198.51.100.2/24 }
interface lan { device eth1; address 10.0.0.1/24 }
zone internet { interface cable, radio }
zone inside { interface lan }
route default via 192.0.2.1
route default via 198.51.100.1 from 10.0.0.128/25
""",
    good="""
interface cable { device eth0; address 192.0.2.2/24 }
interface radio { device wwan0; address 198.51.100.2/24 }
interface lan { device eth1; address 10.0.0.1/24 }
zone internet { interface cable, radio }
zone inside { interface lan }
route default via 192.0.2.1
route default via 198.51.100.1 from {10.0.0.128/25, 198.51.100.2}
""",
)
