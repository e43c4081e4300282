"""The way of a packet for people: step by step, each with the place in the file that decides it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap

from flowc.diagnostics.columns import visible
from flowc.diagnostics.render_text import Style
from flowc.ir.addresses import Range
from flowc.source import Span
from flowc.trace.model import Stage, Step, Trace, Translated, Verdict
from flowc.trace.testing.failed import shown
from flowc.trace.testing.judge import translated

WIDTH = 100
"""Columns of a line; only the name of a long path goes beyond."""
NAMES = 18
"""Columns for the name of a step, indentation included."""
LEAST = 30
"""Columns that a text has at least, however long its place is."""

VERDICTS = {Verdict.ACCEPT: "1;32", Verdict.DROP: "1;31", Verdict.REJECT: "1;31", Verdict.UNREACHABLE: "1;33"}
BOLD, DIM = "1", "2"
BELOW = (Stage.VERDICT, Stage.OFFLOAD, Stage.REPLY)
"""Steps that are said below, with what became of the packet."""


def lines(trace: Trace, *, verbose: bool = False, color: bool = False) -> list[str]:
    """The packet, the steps of its way, and what became of it; with `verbose` also the rules that it passed over."""
    style = Style(color)
    steps = [step for step in trace.steps if step.stage not in BELOW]
    return [
        style.paint(shown(trace.packet), BOLD),
        *columns([row for step in steps for row in _rows(step, verbose=verbose)], style),
        "",
        f"{style.paint(trace.verdict.value, VERDICTS[trace.verdict])}: {visible(trace.reason)}",
        *columns(list(_outcome(trace)), style),
    ]


def columns(rows: Sequence[tuple[str, str, Span | None]], style: Style) -> list[str]:
    """Name, text and place below each other. A text that is too long goes on below itself."""
    places = ["" if span is None else visible(str(span)) for *_, span in rows]
    room = max(LEAST, WIDTH - NAMES - 2 - max(map(len, places), default=0))
    texts = [wrap(visible(text), room, break_on_hyphens=False) or [""] for _, text, _ in rows]
    longest = max((len(line) for text in texts for line in text), default=0)
    found = []
    for (name, *_), (first, *others), place in zip(rows, texts, places, strict=True):
        head = f"  {name:<{NAMES - 2}}{first:<{longest}}  "
        found.append((head + style.paint(place, DIM)) if place else head.rstrip())
        found += [" " * NAMES + other for other in others]
    return found


def _rows(step: Step, *, verbose: bool) -> Iterator[tuple[str, str, Span | None]]:
    if verbose:
        for passed in step.passed:
            yield "", f"not {flat(passed.text)}: {passed.why}", passed.span
    yield step.stage.value, flat(step.text), step.span


def _outcome(trace: Trace) -> Iterator[tuple[str, str, Span | None]]:
    if trace.verdict is not Verdict.ACCEPT:
        heard = trace.answered or trace.entry.interface is None  # a program is told at once that it cannot send
        yield "sender", "hears of it" if heard else "hears nothing of it", None
        return
    yield "egress", "to the host itself" if trace.egress == "self" else trace.egress or "", None
    for name, before, after in ends(trace):
        yield name, change(trace, before, after), None
    if trace.key is not None:
        yield "tunnel key", str(trace.key), None
    if trace.egress != "self":
        yield "offload", f"{'yes' if trace.offload else 'no'}: {trace.offload_reason}", None
    yield "reply", "comes back to the sender" if trace.answered else "does not come back to the sender", None


def ends(trace: Trace) -> Iterator[tuple[str, Translated, Translated]]:
    """Both ends of a packet: its name, what it was when it came, and what it is when it leaves."""
    packet = trace.packet
    for name, address, port, after in (
        ("source", packet.source, packet.source_port, trace.source),
        ("destination", packet.destination, packet.detail, trace.destination),
    ):
        before = Translated(Range(address, address), Range(port, port) if packet.has_ports else None)
        yield name, before, after


def change(trace: Trace, before: Translated, after: Translated) -> str:
    """`2.2.2.11:80 -> 10.0.0.75:80`, or one of them where nothing changes."""
    shown_before, shown_after = (translated(trace.packet.family, one) for one in (before, after))
    return shown_before if before == after else f"{shown_before} -> {shown_after}"


def flat(text: str) -> str:
    """A rule in one line, without its comments."""
    return " ".join(" ".join(line.partition("#")[0] for line in text.splitlines()).split())
