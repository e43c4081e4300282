"""A test that failed, as words: where it says what is expected, what happened, and the way of a packet that shows it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from flowc.diagnostics.columns import visible
from flowc.diagnostics.model import Code, Diagnostic, Label, Severity
from flowc.diagnostics.render_text import render_place
from flowc.ir.addresses import format_address
from flowc.ir.icmp import ICMP_TYPES, ICMPV6_TYPES
from flowc.ir.packet import NUMBERS, Packet
from flowc.trace.model import Step, Trace
from flowc.trace.testing.judge import Failure, Result

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*(-[A-Za-z0-9_.]+)*")
"""Names that need no quotes."""
FAILED = Code("test", "failed", Severity.ERROR, "An expectation is not met.")
"""Not registered: it is no finding about the file, and cannot be silenced."""


def headline(failure: Failure) -> str:
    """`expected accept, got drop: no rule matches`."""
    return f"expected {' '.join(failure.expected.span.text.split())}, got {failure.got}"


def located(failure: Failure) -> Diagnostic:
    """With the expectation underlined, and beside it the packet and the declaration that decides."""
    sent = failure.case.sent.span
    related = [Label(sent, "of this packet")]
    decides = failure.trace.span if failure.trace else None
    if decides is not None and decides != sent:
        related.append(Label(decides, "this decides"))
    return Diagnostic(FAILED, headline(failure), Label(failure.expected.span, "expected here"), tuple(related))


def _also(failure: Failure) -> str:
    """How many more packets it is about; nothing where it is the only way."""
    if not failure.others:
        return ""
    verb = "fail it as well" if failure.others > 1 else "fails it as well"
    return f"  {failure.others} more way{'s' * (failure.others > 1)} of these packets {verb}\n"


def steps(trace: Trace) -> Iterator[str]:
    """The way of the packet, a line for each step."""
    for step in trace.steps:
        yield f"{step.stage:<14} {step.text}{_where(step)}"


def _where(step: Step) -> str:
    return "" if step.span is None else f"  ({step.span})"


def counted(results: Sequence[Result]) -> str:
    """`3 tests passed`, `1 of 3 tests failed`."""
    failed = sum(not one.passed for one in results)
    many = f"{len(results)} test{'s' * (len(results) != 1)}"
    return f"{failed} of {many} failed" if failed else f"{many} passed"


def text(result: Result, *, color: bool = False) -> str:
    """A result for people: a line for one that passed, and all that helps to find out why one failed."""
    title = visible(f"{result.host}: {result.test.name}")
    return f"passed  {title}\n" if result.passed else f"FAILED  {title}\n\n{told(result.failures, color=color)}"


def told(failures: Sequence[Failure], *, color: bool = False) -> str:
    """Failures with their places, and the way of a packet behind those that it shows."""
    parts: list[str] = []
    for failure, following in zip(failures, (*failures[1:], None), strict=True):
        parts += (render_place(located(failure), color=color), _also(failure))
        trace = failure.trace
        if trace is not None and (following is None or following.trace is not trace):
            lines = ("", f"the way of {shown(trace.packet)}:", *(f"  {one}" for one in steps(trace)))
            parts += [f"  {visible(line)}".rstrip() + "\n" for line in lines]
        parts.append("\n")
    return "".join(parts)


def statement(packet: Packet, origin: str) -> str:
    """All of a packet statement: what `flowc trace` reads."""
    name = origin if _NAME.fullmatch(origin) else f'"{origin}"'
    return f"{shown(packet)} from {name}"


def shown(packet: Packet) -> str:
    """`tcp 10.0.0.1:40000 -> 10.0.0.2:80`, as a packet statement has it but for where it comes in."""
    protocol = next((name for name, number in NUMBERS.items() if number == packet.protocol), None)
    source, destination = (format_address(packet.family, end) for end in (packet.source, packet.destination))
    if protocol is not None:
        if packet.family == 6:
            source, destination = f"[{source}]", f"[{destination}]"
        return f"{protocol} {source}:{packet.source_port} -> {destination}:{packet.detail}"
    if not packet.is_icmp:
        return f"protocol {packet.protocol} {source} -> {destination}"
    types = ICMP_TYPES if packet.family == 4 else ICMPV6_TYPES
    name = next((name for name, number in types.items() if number == packet.detail), str(packet.detail))
    return f"icmp {name} {source} -> {destination}"
