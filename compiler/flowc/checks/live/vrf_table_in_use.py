"""The routing table of a VRF is in use for something else."""

from __future__ import annotations

from flowc.checks.base import FactsCheck
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.facts import Index
from flowc.facts.index import FLOWC_PROTOCOL
from flowc.ir.links import Vrf
from flowc.ir.network import Host

KERNEL = 2
"""rt_protos: what the kernel makes itself for addresses."""

CODE = register(
    "FC829",
    "vrf-table-in-use",
    Severity.WARNING,
    "By the facts another VRF of the host has the routing table that the file gives to a VRF, or the table holds routes of "
    "something else, such as policy routing. The kernel accepts that: the VRF takes those routes, too.",
)


def run(host: Host, index: Index, diagnostics: Diagnostics) -> None:
    """Report each such VRF."""
    owners = {link.table: link.name for link in index.links.values() if link.kind == "vrf" and link.table is not None}
    for vrf in host.vrfs.values():
        owner = owners.get(vrf.table)
        if owner == vrf.device:
            continue  # what is in its table may be what a routing daemon puts there
        if owner is not None:
            problem = f"that of VRF `{owner}` of the host"
        elif count := _foreign(vrf, index):
            problem = f"in use: the host has {count} route{'s' * (count > 1)} in it"
        else:
            continue
        diagnostics.report(CODE, f"table {vrf.table} is {problem}", vrf.span, help="give the VRF a table of its own")


def _foreign(vrf: Vrf, index: Index) -> int:
    routes = index.facts.routes or ()
    return sum(one.table == vrf.table and one.protocol not in (KERNEL, FLOWC_PROTOCOL) for one in routes)


_REST = """
interface vms { device tap75; address 10.0.0.1/24; vrf acme }
interface uplink { device eth9; address 192.0.2.2/24 }
zone tenant { interface vms }
zone underlay { interface uplink }
policy tenant -> tenant { accept }
policy underlay -> self { accept tcp 22 }
"""

CHECK = FactsCheck(
    CODE,
    run,
    bad="vrf acme { table 100 }" + _REST,
    good="vrf acme { table 1000 }" + _REST,
    facts="""
{"version": 1,
 "routes": [{"table": 100, "destination": "0.0.0.0/0", "nexthops": [{"gateway": "192.0.2.1", "device": "eth0"}], "protocol": 4}]}
""",
)
