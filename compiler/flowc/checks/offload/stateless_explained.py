"""What of which EIPs does without connection tracking."""

from __future__ import annotations

from collections.abc import Iterator

from flowc.analysis.stateless import MOST_BLOCKS, PROTOCOLS, Flows, Open, Stateless
from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.network import Host
from flowc.ir.packet import EVERY_PORT, NUMBERS, Values
from flowc.ir.stack import Stack

CODE = register(
    "FC714",
    "stateless-explained",
    Severity.NOTE,
    "What of the EIPs that say `stateless` passes without connection tracking: packets between these ports of the machine "
    "and these of the other side, and the ICMP errors about them. All else is carried as that of other EIPs. Ports that many "
    "filters would be needed for are named, too. There is one note for each host with such an EIP.",
)

MOST = 5
"""EIPs of a kind, and ranges of ports, that the note names."""
_NAMES = {number: name for name, number in NUMBERS.items()}


def run(host: Host, diagnostics: Diagnostics) -> None:
    """One note, in which EIPs with the same ports are one line."""
    found: dict[tuple[tuple[Flows, ...], tuple[Flows, ...]], list[Open]] = {}
    opened = () if host.derived(Stack).has_circles else host.derived(Stateless).open
    for one in opened:
        found.setdefault((one.flows, one.crowded), []).append(one)
    if found:
        count = len(opened)
        diagnostics.report(
            CODE,
            f"{count} stateless {'EIP' if count == 1 else 'EIPs'}",
            opened[0].span,
            "" if count == 1 else "the first of them",
            notes=[f"{_named(some)}: {'; '.join(_said(*flows))}" for flows, some in found.items()],
        )


def _named(some: list[Open]) -> str:
    more = f" and {len(some) - MOST} more" if len(some) > MOST else ""
    return f"{', '.join(one.text for one in some[:MOST])}{more}"


def _said(flows: tuple[Flows, ...], crowded: tuple[Flows, ...]) -> Iterator[str]:
    yield from map(_of, flows)
    for one in crowded:
        yield f"{_of(one)} is tracked, since it would take more than {MOST_BLOCKS} filters"
    kept = [_NAMES[one] for one in PROTOCOLS if one not in {flow.protocol for flow in (*flows, *crowded)}]
    if kept:
        yield f"connections of {' and '.join(kept)} are tracked"


def _of(flow: Flows) -> str:
    theirs = "" if flow.remote == EVERY_PORT else f", {_ports(flow.remote)} of the other side"
    return f"{_NAMES[flow.protocol]} of {_ports(flow.local)}{theirs}"


def _ports(ports: Values) -> str:
    if ports == EVERY_PORT:
        return "every port"
    more = f" and {len(ports) - MOST} more ranges" if len(ports) > MOST else ""
    single = len(ports) == 1 and ports[0].low == ports[0].high
    shown = ", ".join(str(low) if low == high else f"{low}-{high}" for low, high in ports[:MOST])
    return f"{'port' if single else 'ports'} {shown}{more}"


_FILE = """
host gw1 { offload software }
interface lan { device eth1; address 10.0.0.1/24 }
interface wan { device eth0; address 192.0.2.2/24 }
route default via 192.0.2.1
neighbor 192.0.2.1 on wan managed
endpoint web { address 10.0.0.80; interface lan; mac 52:54:00:00:00:80 }
zone inside { interface lan }
zone internet { interface wan }
pool public 198.51.100.0/28 at internet
eip 198.51.100.8 <-> web stateless
policy inside -> self { accept tcp 22 }
policy internet -> inside { accept tcp {80, 443} to web via eip offload }
policy inside -> internet { accept offload }
"""

CHECK = Check(CODE, run, bad=_FILE, good=_FILE.replace(" stateless", ""))
