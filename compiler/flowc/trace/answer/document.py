"""What becomes of packets, for programs: one JSON document. docs/schemas/trace-1.schema.json is its schema.

    {"version": 1, "host": "gw1", "asked": "tcp any -> vm75:80 from internet", "complete": true,
     "ways": [{"packets": ["tcp 80 to vm75"], "example": "tcp ...", "verdict": "accept", ..., "steps": [...]}],
     "diagnostics": []}

One packet has one way, or as many as the kernel may choose from. Within one version only new keys may appear.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from flowc.diagnostics import Diagnostics
from flowc.diagnostics.dump import dump
from flowc.diagnostics.render_json import documented
from flowc.source import Span
from flowc.trace.answer.asked import Answer
from flowc.trace.answer.summary import example
from flowc.trace.answer.text import ends, flat
from flowc.trace.answer.words import Words
from flowc.trace.model import Trace, Verdict
from flowc.trace.testing.failed import statement
from flowc.trace.testing.judge import translated

VERSION = 1


def document(answer: Answer | None, diagnostics: Diagnostics) -> str:
    """The document, ending in a newline; without ways where there are errors."""
    found: dict[str, Any] = {"version": VERSION, "host": None, "asked": None, "complete": True, "ways": []}
    if answer is not None:
        found["host"] = answer.host.name
        found["asked"] = " ".join(answer.sent.span.text.split())
        found["complete"] = answer.summary is None or answer.summary.complete
        found["ways"] = list(_ways(answer))
    found["diagnostics"] = [documented(one) for one in diagnostics]
    return dump(found)


def _ways(answer: Answer) -> Iterator[dict[str, Any]]:
    origin = answer.sent.origin.name
    for trace in answer.traces:
        packet = statement(trace.packet, origin)
        yield _way(trace, [packet], packet)
    if answer.summary is None:
        return
    says = Words(answer.host)
    for one in answer.summary.classes:
        sets = [says.packets(box, answer.summary.whole[box.family], one.treatment.destination) for box in one.packets]
        lost = [
            says.packets(box, answer.summary.whole[box.family], one.treatment.destination) for box in one.unanswered
        ]
        yield _way(one.trace, sets, statement(example(one.trace.packets), origin), lost)


def _way(trace: Trace, packets: Sequence[str], example: str, unanswered: Sequence[str] = ()) -> dict[str, Any]:
    """`before` and `after` are those of the packet that was walked for all of them."""
    accepted = trace.verdict is Verdict.ACCEPT
    changes = {
        name: {"before": translated(trace.packet.family, before), "after": translated(trace.packet.family, after)}
        for name, before, after in ends(trace)
    }
    return {
        "packets": list(packets),
        "example": example,
        "verdict": trace.verdict.value,
        "reason": trace.reason,
        **_place(trace.span),
        "rule": None if trace.rule is None else flat(trace.rule.span.text),
        "egress": trace.egress,
        "key": trace.key,
        "source": changes["source"] if accepted else None,
        "destination": changes["destination"] if accepted else None,
        "offload": trace.offload,
        "offload_reason": trace.offload_reason,
        "answered": trace.answered,
        "unanswered": list(unanswered),
        "steps": [
            {
                "stage": step.stage.value,
                "text": flat(step.text),
                **_place(step.span),
                "passed": [{"rule": flat(one.text), "why": one.why, **_place(one.span)} for one in step.passed],
            }
            for step in trace.steps
        ],
    }


def _place(span: Span | None) -> dict[str, Any]:
    return {"file": span.source.name if span else None, "line": span.line if span else None}
