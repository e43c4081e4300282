"""Who carries the established packets of each address."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.datapath import Decision, Stay, Taker, Takers, Wishes
from flowc.ir.fastpath import FastPath
from flowc.ir.network import Host
from flowc.ir.stack import Stack
from flowc.source import Span

CODE = register(
    "FC712",
    "datapath-explained",
    Severity.NOTE,
    "Who carries the established packets of each machine and each public address that the file names, as far as rules "
    "offload them: tc, the flowtable, or the ruleset, packet by packet; and where it is not tc, why. There is one note "
    "for each host that says which `datapath` it, a policy or an EIP wants, or has keys of a shared tunnel among what it offloads.",
)

MOST = 5
"""Addresses of a kind that the note names."""


def run(host: Host, diagnostics: Diagnostics) -> None:
    """One note, in which equal reasons are one line."""
    fastpath = host.derived(FastPath)
    keys = any(interface.carrier for interface in fastpath.interfaces.values())
    said = host.derived(Wishes).said("nft", "tc")
    if not fastpath.pairs or not (host.datapath_span or keys or said) or host.derived(Stack).has_circles:
        return
    found: dict[tuple[Taker, Stay | None], list[Decision]] = {}
    for one in host.derived(Takers).decisions:
        found.setdefault((one.taker, one.stay), []).append(one)
    if not found:
        return
    counts = {taker: sum(len(some) for (of, _), some in found.items() if of is taker) for taker in Taker}
    diagnostics.report(
        CODE,
        f"established packets go {', '.join(_counted(counts))}",
        host.datapath_span or host.offload_span or said or _first_rule(fastpath),
        notes=list(_lines(found)),
    )


def _counted(counts: dict[Taker, int]) -> Iterator[str]:
    """The first of them says what is counted."""
    some = [(taker, n) for taker, n in counts.items() if n]
    for at, (taker, n) in enumerate(some):
        unit = "" if at else " address" if n == 1 else " addresses"
        yield f"by {taker.value} for {n}{unit}"


def _first_rule(fastpath: FastPath) -> Span:
    return next(rule.span for rule in fastpath.pairs[0][2].rules if rule.offload)


def _lines(found: dict[tuple[Taker, Stay | None], list[Decision]]) -> Iterator[str]:
    for (taker, stay), decisions in sorted(found.items(), key=lambda one: list(Taker).index(one[0][0])):
        why = f" ({stay.value})" if stay else ""
        yield f"by {taker.value}{why}: {_named(decisions)}"


def _named(decisions: Sequence[Decision]) -> str:
    more = f" and {len(decisions) - MOST} more" if len(decisions) > MOST else ""
    return f"{', '.join(one.text for one in decisions[:MOST])}{more}"


_FILE = """
host gw1 { offload software; datapath MODE }
interface lan { device eth1; address 10.0.0.1/24 }
interface wan { device eth0; address 192.0.2.2/24 }
route default via 192.0.2.1
neighbor 192.0.2.1 on wan managed
endpoint web { address 10.0.0.80; interface lan; mac 52:54:00:00:00:80 }
endpoint db  { address 10.0.0.81; interface lan }
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
    bad=_FILE.replace("MODE", "nft"),
    good=_FILE.replace("; datapath MODE", ""),
)
