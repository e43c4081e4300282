"""Addresses that `datapath tc` does not take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flowc.checks.base import Check
from flowc.checks.few import first_few
from flowc.checks.offload.remedies import REMEDIES
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.datapath import Datapaths, Decision, Stay, Takers, Wishes
from flowc.ir.fastpath import FastPath
from flowc.ir.network import Datapath, Host, Offload
from flowc.ir.stack import Stack

CODE = register(
    "FC711",
    "left-to-nft",
    Severity.WARNING,
    "The host, a policy or an EIP says `datapath tc`, and tc cannot carry the packets of some addresses: they stay in nft, in its "
    "flowtable where that can carry them, as they would be with `datapath nft`. Or there is nothing that it could carry: no rule "
    "offloads, or none of the machines is named. There is one finding for each reason, and `docs/offload.md` tells what each "
    "means. An address and what it is translated to or from stay together, since connection tracking by tc takes the flows that "
    "it sees from the flowtable.",
)

MOST = 5
"""Addresses that a finding names."""


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report each reason once."""
    datapaths = host.derived(Datapaths)
    asked = host.datapath_span if host.datapath is Datapath.TC else host.derived(Wishes).said("tc")
    if asked is None or host.derived(Stack).has_circles:
        return
    decided = host.derived(Takers).decisions
    if not decided:
        diagnostics.report(CODE, "tc carries nothing", asked, _nothing(host))
        return
    if idle := datapaths.idle:
        what = "this EIP" if len(idle) == 1 else f"{len(idle)} EIPs that ask for tc"
        diagnostics.report(
            CODE, f"no rule offloads flows of {what}", idle[0], "" if len(idle) == 1 else "the first of them"
        )
    offloading = {policy.span for _, _, policy in host.derived(FastPath).pairs}
    for policy in datapaths.idle_policies:
        what = (
            "the file names no machine of its zones"
            if policy.span in offloading
            else "no rule of it offloads what goes between zones"
        )
        diagnostics.report(CODE, "tc carries nothing of this policy", policy.span, what)
    left = [one for one in decided if one.stay is not None and one.asked is not None]
    reasons = {one.stay for one in left}
    found: dict[Stay, list[Decision]] = {}
    sharing: dict[Stay, list[Decision]] = {}
    for one in left:
        told = one.cause is not None and one.cause in reasons  # of what it shares an address with
        reason = one.cause if told else one.stay
        assert reason is not None
        (sharing if told else found).setdefault(reason, []).append(one)
    for stay, decisions in found.items():
        first, count = decisions[0], len(decisions)
        diagnostics.report(
            CODE,
            f"tc does not take {first.text}{f' and {count - 1} more' if count > 1 else ''}",
            first.asked or asked,
            stay.value,
            related=[(first.span, "this address")],
            notes=list(_notes(decisions, sharing.get(stay, ()))),
            help=_help(stay, decisions),
        )


def _help(stay: Stay, decisions: Sequence[Decision]) -> str | None:
    """Of what keeps back those that they share an address with, if that is one reason."""
    causes = {one.cause for one in decisions}
    cause = causes.pop() if len(causes) == 1 else None
    remedies = (REMEDIES.get(one) for one in (cause, stay) if one is not None)
    return next((one for one in remedies if one is not None), None)


def _notes(decisions: Sequence[Decision], sharing: Sequence[Decision]) -> Iterator[str]:
    if len(decisions) > 1:
        yield f"the others: {_named(decisions[1:])}"
    if sharing:
        yield f"nor what shares an address with {'it' if len(decisions) == 1 else 'them'}: {_named(sharing)}"
    yield from dict.fromkeys(one.cause.value for one in decisions if one.cause is not None)


def _named(decisions: Sequence[Decision]) -> str:
    return ", ".join(f"{one.text}{', '.join(('', *more))}" for one, more in first_few(decisions, MOST))


def _nothing(host: Host) -> str:
    """Why there is no address to decide on."""
    if host.offload is Offload.OFF:
        return "this host says `offload off`"
    if not host.derived(FastPath).pairs:
        return "no rule between zones says `offload`"
    return "the file names no machine with flows that a rule offloads"


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
