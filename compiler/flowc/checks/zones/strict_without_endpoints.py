"""An interface that takes endpoints only, and has none."""

from __future__ import annotations

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.links import Spoofing
from flowc.ir.network import Host
from flowc.ir.senders import Senders

CODE = register(
    "FC233",
    "strict-without-endpoints",
    Severity.WARNING,
    "With `spoofing strict` an interface takes packets from the endpoints that are declared on it alone. None is, so all that "
    "comes in is dropped.",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report such interfaces in a zone. What tunnels over it lead to may send, and a key takes what its VRF's others do."""
    senders = host.derived(Senders)
    zoned = host.zoned()
    for interface in host.interfaces.values():
        if interface.spoofing is not Spoofing.STRICT or interface.name not in zoned or interface.carrier:
            continue
        if not senders.machines(interface):
            diagnostics.report(
                CODE,
                f"interface `{interface.name}` takes packets of its endpoints alone, and has none",
                interface.place("spoofing"),
                help=f"declare them: `endpoint NAME {{ address A; interface {interface.name} }}`, or take `strict` away",
            )


CHECK = Check(
    CODE,
    run,
    bad="""
interface vms { device tap75; address 10.0.0.1/24; spoofing strict }
zone tenant { interface vms }
""",
    good="""
interface vms { device tap75; address 10.0.0.1/24; spoofing strict }
endpoint vm75 { address 10.0.0.75; interface vms; mac 52:54:00:00:00:75 }
zone tenant { interface vms }
""",
)
