"""Source translation of others to an address that has an owner."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.addresses import Family, format_address
from flowc.ir.fronts import Fronts
from flowc.ir.network import Host
from flowc.ir.public import Public
from flowc.source import Span

CODE = register(
    "FC320",
    "snat-shares-eip",
    Severity.NOTE,
    "`snat` lets others leave as an address that is an EIP, or that is forwarded whole. Their answers come back to them, as "
    "the kernel remembers each connection; but outside they look like the owner, and whoever admits it by its address "
    "admits them. Where tenants share an uplink this is an error (FC312).",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report each such `snat` once, with the first owner in its range."""
    fronts = host.derived(Fronts)
    snats = [(nat.target, snat) for nat in host.nats if nat.target not in fronts.zones for snat in nat.snats]
    if not snats:
        return
    owned: dict[tuple[str, Family], list[tuple[int, int, Span]]] = {}
    for one in host.derived(Public).declared:
        if one.whole:
            owned.setdefault((one.zone, one.family), []).append((*one.range, one.span))
    for found in owned.values():
        found.sort(key=lambda one: one[:2])
    for zone, snat in snats:
        found = owned.get((zone, snat.family), [])
        # Owners share no address, so that their first and last addresses are in one order.
        first = bisect_left(found, snat.to.low, key=lambda one: one[1])
        count = bisect_right(found, snat.to.high, key=lambda one: one[0]) - first
        if count > 0:
            low, _, span = found[first]
            diagnostics.report(
                CODE,
                f"`snat` leaves as `{format_address(snat.family, max(low, snat.to.low))}`, which has an owner",
                snat.span,
                "outside they look like the owner",
                related=[(span, "its owner")],
                notes=[f"so have {count - 1} more addresses or prefixes in the range"] if count > 1 else (),
                help="let them share an address that is nobody's",
            )


_HOST = """
interface lan { device eth1; address 10.0.0.1/24 }
interface wan { device eth0; address 192.0.2.1/24 }
endpoint web { address 10.0.0.80; interface lan }
zone inside { interface lan }
zone outside { interface wan }
pool public 203.0.113.0/24 at outside
policy inside -> outside { accept }
policy inside -> self { accept tcp 22 }
policy outside -> inside { accept tcp 443 to web }
eip 203.0.113.80 <-> web
"""

CHECK = Check(
    CODE,
    run,
    bad=_HOST + "nat inside -> outside { snat 10.0.0.0/24 -> 203.0.113.80 }\n",
    good=_HOST + "nat inside -> outside { snat 10.0.0.0/24 -> 203.0.113.81 }\n",
)
