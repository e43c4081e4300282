"""Nearly all of the connections that the kernel tracks are in use."""

from __future__ import annotations

from flowc.checks.base import FactsCheck
from flowc.checks.live.common import somewhere
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.facts import Index
from flowc.ir.network import Host

NEAR = 90
"""Per cent."""

CODE = register(
    "FC819",
    "conntrack-nearly-full",
    Severity.WARNING,
    "When the facts were taken, the host tracked more than nine tenths of the connections that nf_conntrack_max allows. "
    "Beyond that the kernel drops what would be a new connection (`nf_conntrack: table full, dropping packet`), whatever "
    "the policies say. An offloaded connection keeps its entry.",
)


def run(host: Host, index: Index, diagnostics: Diagnostics) -> None:
    """Report the host."""
    count, most = (index.sysctl(f"net/netfilter/nf_conntrack_{name}") or "" for name in ("count", "max"))
    place = somewhere(host)
    if place is None or not count.isdecimal() or not most.isdecimal() or int(most) == 0:
        return
    if int(count) * 100 > int(most) * NEAR:
        diagnostics.report(
            CODE,
            f"the host tracks {int(count):,} of at most {int(most):,} connections",
            place,
            help="raise net.netfilter.nf_conntrack_max",
        )


_FILE = """
host gw1 { kernel 6.1 }
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { interface lan }
policy inside -> self { accept tcp 22 }
"""

CHECK = FactsCheck(
    CODE,
    run,
    bad=_FILE,
    good=_FILE,
    facts="""
{"version": 1, "hostname": "gw1",
 "sysctls": {"net/netfilter/nf_conntrack_count": "259000", "net/netfilter/nf_conntrack_max": "262144"}}
""",
    good_facts="""
{"version": 1, "hostname": "gw1",
 "sysctls": {"net/netfilter/nf_conntrack_count": "31000", "net/netfilter/nf_conntrack_max": "262144"}}
""",
)
