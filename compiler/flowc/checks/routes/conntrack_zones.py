"""Two VRFs that would share a number."""

from __future__ import annotations

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.links import Vrf
from flowc.ir.network import Host

CODE = register(
    "FC505",
    "shared-conntrack-zone",
    Severity.ERROR,
    "A VRF's connections are tracked in a conntrack zone of its own and carry its number in their mark: the VRF's table "
    "up to 16382, else a hash of its name. Two VRFs got the same number, so their connections could be mistaken for each "
    "other's. Give one of them a smaller table.",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report the second of two VRFs with one number."""
    seen: dict[int, Vrf] = {}
    for vrf in host.vrfs.values():
        first = seen.setdefault(vrf.number, vrf)
        if first is not vrf:
            diagnostics.report(
                CODE,
                f"vrf `{vrf.name}` and vrf `{first.name}` would share conntrack zone {vrf.number}",
                vrf.span,
                related=[(first.span, "the other VRF")],
                help="give one of them another table, up to 16382",
            )


CHECK = Check(
    CODE,
    run,
    bad="""
vrf acme { table 100000 }
vrf blue { table 10341 }
""",
    good="""
vrf acme { table 100000 }
vrf blue { table 1001 }
""",
)
