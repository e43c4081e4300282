"""Addresses that `datapath tc` does not take."""

from __future__ import annotations

from flowc.checks.base import Check
from flowc.checks.few import first_few
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.datapath import Datapaths, Decision, Stay
from flowc.ir.network import Datapath, Host
from flowc.ir.stack import Stack

CODE = register(
    "FC711",
    "left-to-nft",
    Severity.WARNING,
    "The host or an EIP says `datapath tc`, and tc cannot carry the packets of some addresses: they stay in nft, in its flowtable where "
    "that can carry them, as they would be with `datapath nft`. There is one finding for each reason, and `docs/offload.md` "
    "tells what each means. An address and what it is translated to or from stay together, since connection tracking by tc "
    "takes the flows that it sees from the flowtable.",
)

MOST = 5
"""Addresses that a finding names."""


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report each reason once."""
    eips = *host.eips.column("datapath"), *host.prefix_eips.column("datapath")
    if (host.datapath is not Datapath.TC and "tc" not in eips) or host.derived(Stack).has_circles:
        return
    found: dict[Stay, list[Decision]] = {}
    for one in host.derived(Datapaths).decisions:
        if one.stay is not None and one.asked:
            found.setdefault(one.stay, []).append(one)
    for stay, decisions in found.items():
        first, count = decisions[0], len(decisions)
        named = [f"{one.text}{', '.join(('', *more))}" for one, more in first_few(decisions[1:], MOST)]
        diagnostics.report(
            CODE,
            f"tc does not take {first.text}{f' and {count - 1} more' if count > 1 else ''}",
            host.datapath_span if host.datapath is Datapath.TC and host.datapath_span else first.span,
            stay.value,
            related=[(first.span, "this address")] if host.datapath is Datapath.TC else [],
            notes=[f"the others: {', '.join(named)}"] if named else [],
        )


_FILE = """
host gw1 { offload software; datapath tc }
interface lan { device eth1; address 10.0.0.1/24 }
interface wan { device eth0; address 192.0.2.2/24 }
route default via 192.0.2.1
neighbor 192.0.2.1 on wan managed
endpoint web { address 10.0.0.80; interface lan MAC }
zone inside { interface lan }
zone internet { interface wan }
pool public 198.51.100.0/28 at internet
eip 198.51.100.8 <-> web
policy inside -> self { accept tcp 22 }
policy internet -> inside { accept tcp 443 to web offload }
"""

CHECK = Check(
    CODE,
    run,
    bad=_FILE.replace(" MAC", ""),
    good=_FILE.replace(" MAC", "; mac 52:54:00:00:00:80"),
)
