"""What kinds of packets there are: to see that a run has some of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from enum import Enum

from tests.agreement.cases import Case

from flowc.ir.network import Host
from flowc.ir.packet import NUMBERS, Packet
from flowc.ir.policy import SELF
from flowc.source import Span
from flowc.trace.model import Stage, Trace, Verdict

NAT_KINDS = (
    "none", "EIP", "prefix EIP", "port forward", "whole-address forward", "snat", "masquerade", "hairpin",
    "between VRFs",
)  # fmt: skip

PROTOCOLS = {**{number: name for name, number in NUMBERS.items()}, 47: "gre"}


class Carrier(Enum):
    """Of the established packets of a connection."""

    TC = "tc"
    TC_ONE_WAY = "tc, one way"
    FLOWTABLE = "the flowtable"
    NOBODY = "nobody"


def carrier(trace: Trace) -> Carrier:
    """Who it is by a trace."""
    if trace.by_tc.onward != trace.by_tc.answers:
        return Carrier.TC_ONE_WAY
    if not trace.offload:
        return Carrier.NOBODY
    return Carrier.TC if trace.by_tc.is_seen or trace.by_tc.first else Carrier.FLOWTABLE


def is_by_tc(trace: Trace) -> bool:
    """Packets follow that tc looks at."""
    return trace.by_tc.first or (trace.answered and trace.by_tc.is_seen)


class Kinds:
    """The declarations of a host that translate, by where they stand."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._by_span: dict[Span, str] = {}
        self._by_span |= dict.fromkeys(host.eips.column("span"), "EIP")
        self._by_span |= {row.span: "prefix EIP" for row in host.prefix_eips}
        self._by_span |= {
            row.span: "port forward" if row.protocol else "whole-address forward" for row in host.forwards
        }
        for nat in host.nats:
            self._by_span |= {one.span: "snat" for one in nat.snats}
            self._by_span |= {one.span: "masquerade" for one in nat.masquerades}

    def of(self, trace: Trace) -> set[str]:
        """What kinds of translation a packet meets."""
        found = {
            self._by_span[step.span]
            for step in trace.steps
            if step.stage in (Stage.DNAT, Stage.SNAT) and step.span in self._by_span
        }
        found |= {"hairpin" for step in trace.steps if step.stage is Stage.HAIRPIN}
        if trace.verdict is Verdict.ACCEPT and trace.egress in self._host.interfaces and trace.entry.interface:
            came, left = (self._host.interfaces[name].vrf for name in (trace.entry.interface, trace.egress or ""))
            found |= {"between VRFs"} if came != left else set()
        return found or {"none"}


def protocol(packet: Packet) -> str:
    """In the words of a rule; `other` for what has none."""
    if packet.is_icmp:
        return "icmpv4" if packet.family == 4 else "icmpv6"
    return PROTOCOLS.get(packet.protocol, "other")


def distribution(cases: Iterable[Case]) -> dict[str, Counter[str]]:
    """How many packets there are of each kind, by what is told apart: zero of a kind that has to be there and is not."""
    found: dict[str, Counter[str]] = {
        "verdict": Counter(dict.fromkeys(map(str, Verdict), 0)),
        "translation": Counter(dict.fromkeys(NAT_KINDS, 0)),
        "protocol": Counter(dict.fromkeys(PROTOCOLS.values(), 0)),
        "family": Counter({"IPv4": 0, "IPv6": 0}),
        "way": Counter(dict.fromkeys(("by a wire", "by a tunnel with a key", "to the host", "from the host"), 0)),
        "offload": Counter({one.value: 0 for one in Carrier}),
    }
    for case in cases:
        kinds = Kinds(case.host)
        for one in case.asked:
            trace = one.answers[0]
            found["verdict"][str(trace.verdict)] += 1
            found["protocol"][protocol(one.packet)] += 1
            found["family"][f"IPv{one.packet.family}"] += 1
            if trace.verdict is Verdict.ACCEPT:
                found["translation"].update(kinds.of(trace))
                found["way"].update(_ways(trace))
                found["offload"][carrier(trace).value] += 1
    return found


def _ways(trace: Trace) -> Iterable[str]:
    yield "to the host" if trace.egress == SELF else "by a wire"
    if trace.key is not None:
        yield "by a tunnel with a key"
    if trace.entry.interface is None:
        yield "from the host"
