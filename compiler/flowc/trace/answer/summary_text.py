"""A summary of what becomes of many packets, for people: what is accepted line by line, the rest in few."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap

from flowc.diagnostics.columns import visible
from flowc.diagnostics.render_text import Style
from flowc.ir.network import Host
from flowc.ir.packet import Packets
from flowc.source import Span
from flowc.trace.answer import words
from flowc.trace.answer.asked import Answer
from flowc.trace.answer.summary import Class, Summary, example
from flowc.trace.answer.text import BOLD, DIM, VERDICTS, WIDTH, columns, flat
from flowc.trace.answer.text import lines as way
from flowc.trace.answer.treatment import KEPT, Place
from flowc.trace.answer.words import Words
from flowc.trace.model import Verdict
from flowc.trace.testing.failed import statement

MOST_CLASSES = 25
MOST_BOXES = 6
INDENT = 13
"""Columns for a verdict."""


def lines(host: Host, summary: Summary, *, verbose: bool = False, color: bool = False) -> list[str]:
    """What is accepted, each class with its rule, its translation and an example; then what is not."""
    style, says = Style(color), Words(host)
    origin = summary.sent.origin.name
    accepted = [one for one in summary.classes if one.treatment.is_accepted]
    refused = [one for one in summary.classes if not one.treatment.is_accepted]
    found = [style.paint(visible(" ".join(summary.sent.span.text.split())), BOLD)]
    if not summary.ways:
        return [*found, f"  no such packet comes from `{origin}`"]
    if not accepted:
        found.append("  nothing of it is accepted")
    for one in accepted[: None if verbose else MOST_CLASSES]:
        found += ["", *_class(one, summary, says, style, verbose=verbose)]
        found.append(style.paint(f"      for example `{visible(statement(example(one.trace.packets), origin))}`", DIM))
    if len(accepted) > MOST_CLASSES and not verbose:
        found += ["", f"and {len(accepted) - MOST_CLASSES} more ways of being accepted (all with -v)"]
    if refused:
        found += ["", *(["everything else:"] if accepted else []), *columns(list(_refused(refused)), style)]
    if verbose:
        for one in refused:
            found += ["", *_class(one, summary, says, style, verbose=True)]
    if not summary.complete:
        left = "the packets go more ways, and the others were not looked at: ask about fewer packets"
        found += ["", f"not complete after {summary.ways} ways; {left}"]
    return found


def _class(one: Class, summary: Summary, says: Words, style: Style, *, verbose: bool) -> Iterator[str]:
    treatment = one.treatment
    boxes = one.packets if verbose else one.packets[:MOST_BOXES]
    told = [says.packets(box, summary.whole[box.family], treatment.destination) for box in boxes]
    for text in dict.fromkeys(told):
        first, *others = wrap(visible(text), WIDTH - INDENT, break_on_hyphens=False)
        verdict = treatment.verdict.value
        yield style.paint(verdict, VERDICTS[treatment.verdict]) + " " * (INDENT - len(verdict)) + first
        yield from (" " * (INDENT + 4) + other for other in others)
    if len(boxes) < len(one.packets):
        yield f"        and {len(one.packets) - len(boxes)} more sets of packets (all with -v)"
    yield from columns(list(_how(one, says)), style)
    for text in dict.fromkeys(_senders(box, summary, says) for box in one.unanswered):
        yield from columns([("no reply", f"to {text}", None)], style)


def _senders(box: Packets, summary: Summary, says: Words) -> str:
    """Those who get no reply; the other fields are those of the class nearly always."""
    return says.addresses(box.family, box.source, summary.whole[box.family].source)


def _how(one: Class, says: Words) -> Iterator[tuple[str, str, Span | None]]:
    trace, treatment = one.trace, one.treatment
    family = trace.packet.family
    yield (
        "by",
        flat(trace.rule.span.text) if trace.rule else trace.reason,
        trace.rule.span if trace.rule else trace.span,
    )
    if not treatment.is_accepted:
        return
    ways = sorted(one.treatments, key=str)
    yield "leaves by", words.any_of(_egress(chosen.egress, chosen.key, says) for chosen in ways), None
    for name, ends in (
        ("source", [(chosen.source, chosen.source_port) for chosen in ways]),
        ("destination", [(chosen.destination, chosen.port) for chosen in ways]),
    ):
        if any(end != (KEPT, KEPT) for end in ends):
            yield name, f"becomes {words.any_of(words.end(family, *end) for end in ends)}", None
    if trace.egress != "self":
        yield "offload", f"{'yes' if trace.offload else 'no'}: {trace.offload_reason}", None
    if not trace.answered:
        yield "reply", "does not come back to the sender", None


def _egress(place: Place | None, key: int | None, says: Words) -> str:
    if place is None or place[0] == "self":
        return "nothing: the host itself is addressed"
    name = says.interfaces[place]
    return name if key is None else f"{name}, key {key}"


def _refused(classes: list[Class]) -> Iterator[tuple[str, str, Span | None]]:
    """One line for each declaration, or reason, that refuses."""
    seen = set()
    for one in classes:
        trace = one.trace
        why = flat(trace.rule.span.text) if trace.rule else trace.reason
        row = trace.verdict, why, trace.rule.span if trace.rule else trace.span
        if row not in seen:
            seen.add(row)
            yield _name(trace.verdict), *row[1:]


def _name(verdict: Verdict) -> str:
    return {Verdict.DROP: "dropped", Verdict.REJECT: "rejected"}.get(verdict, verdict.value)


def answer_lines(answer: Answer, *, verbose: bool = False, color: bool = False) -> list[str]:
    """Whatever `flowc trace` answers."""
    if answer.summary is not None:
        return lines(answer.host, answer.summary, verbose=verbose, color=color)
    if not answer.traces:
        return [f"no such packet comes from `{answer.sent.origin.name}`"]
    found: list[str] = []
    for trace in answer.traces:
        found += [*([""] if found else []), *way(trace, verbose=verbose, color=color)]
    return found
