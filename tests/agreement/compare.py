"""What is said of a packet against what is seen of it: the differences in words."""

from __future__ import annotations

from flowc.ir.addresses import Family, Range, format_address
from flowc.testbed.model import Seen
from flowc.trace.model import Trace, Verdict


def differences(trace: Trace, seen: Seen) -> list[str]:
    """None if they agree. Where the kernel has a choice (a pool, a range of ports), any of it is right."""
    if trace.verdict is not seen.verdict:
        return [f"verdict: {trace.verdict} in the trace, {seen.verdict} in the kernel"]
    if trace.verdict is not Verdict.ACCEPT:
        return []
    family = trace.packet.family
    found = [
        *_plain("egress", trace.egress, seen.egress),
        *_address("source", family, trace.source.addresses, seen.source),
        *_port("source port", trace.source.ports, seen.source_port),
        *_address("destination", family, trace.destination.addresses, seen.destination),
        *_port("destination port", trace.destination.ports, seen.destination_port),
        *_plain("tunnel key", trace.key, seen.key),
        *_plain("answered", trace.answered, seen.answered),
    ]
    if trace.packet.protocol in OFFLOADED:
        found += _plain("offload", trace.offload, seen.offload)
    return found


OFFLOADED = (6, 17)
"""The protocols of which the testbed makes connections that could be offloaded: TCP and UDP."""


def _plain(what: str, said: object, seen: object) -> list[str]:
    return [] if said == seen else [f"{what}: {said} in the trace, {seen} in the kernel"]


def _address(what: str, family: Family, said: Range | None, seen: int | None) -> list[str]:
    if said is None or (seen is not None and said.low <= seen <= said.high):
        return []
    words = "-".join(format_address(family, end) for end in dict.fromkeys(said))
    return [f"{what}: {words} in the trace, {format_address(family, seen) if seen is not None else None} in the kernel"]


def _port(what: str, said: Range | None, seen: int | None) -> list[str]:
    if said is None or (seen is not None and said.low <= seen <= said.high):
        return []
    words = "-".join(str(end) for end in dict.fromkeys(said))
    return [f"{what}: {words} in the trace, {seen} in the kernel"]
