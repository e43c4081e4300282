"""Where what was seen is not what the trace says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flowc.ir.addresses import Range, format_address
from flowc.ir.policy import SELF
from flowc.testbed.model import Seen
from flowc.trace.model import Trace, Translated, Verdict

SILENT = {Verdict.REJECT, Verdict.UNREACHABLE}
"""Verdicts that the sender hears of, if what tells it finds the way."""


def differences(answers: Sequence[Trace], seen: Seen) -> list[str]:
    """In words; none if one of the answers is what was seen."""
    found = [list(_differences(trace, seen)) for trace in answers]
    return min(found, key=len)


def _differences(trace: Trace, seen: Seen) -> Iterator[str]:
    if trace.verdict is not seen.verdict:
        yield f"the trace says {trace.verdict} ({trace.reason}), the kernel {seen.verdict}"
        return
    if trace.verdict is not Verdict.ACCEPT:
        return
    if trace.egress != seen.egress:
        yield f"the trace lets it leave by {trace.egress}, the kernel by {seen.egress}"
        return
    yield from _translated("destination", trace, trace.destination, seen.destination, seen.destination_port)
    yield from _translated("source", trace, trace.source, seen.source, seen.source_port)
    if trace.egress == SELF:
        return
    if trace.key != seen.key:
        yield f"the trace gives it key {trace.key}, the kernel {seen.key}"
    if trace.answered != seen.answered:
        yield f"a reply {'comes' if trace.answered else 'does not come'} back by the trace, and not so by the kernel"
    elif trace.offload != seen.offload:
        yield f"offload is {trace.offload} by the trace ({trace.offload_reason}), {seen.offload} by the kernel"


def _translated(what: str, trace: Trace, told: Translated, address: int | None, port: int | None) -> Iterator[str]:
    family = trace.packet.family
    if told.addresses is not None and (address is None or not _holds(told.addresses, address)):
        shown = "nothing" if address is None else format_address(family, address)
        ends = "-".join(format_address(family, end) for end in dict.fromkeys(told.addresses))
        yield f"the {what} is {ends} by the trace, {shown} by the kernel"
    if told.ports is not None and (port is None or not _holds(told.ports, port)):
        yield f"the {what}'s port is {tuple(told.ports)} by the trace, {port} by the kernel"


def _holds(found: Range, value: int) -> bool:
    return found.low <= value <= found.high
