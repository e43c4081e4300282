"""Run many cases, two at a time, and say what they were."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Iterable, Sequence

from tests.agreement.answers import refused_or_disagreed
from tests.agreement.cases import Case
from tests.agreement.kinds import NAT_KINDS, Kinds, protocol

from flowc.trace.model import Verdict

WORKERS = 2
"""The guest has two processors."""


def run(cases: Sequence[Case]) -> list[str]:
    """What does not load or agree."""
    context = multiprocessing.get_context("fork")  # a namespace is of a thread: what is imported already is of use
    with context.Pool(WORKERS) as pool:
        return [text for found in pool.imap_unordered(refused_or_disagreed, cases) for text in found]


def distribution(cases: Iterable[Case]) -> dict[str, Counter[str]]:
    """How many packets there are of each kind, by what is told apart."""
    found: dict[str, Counter[str]] = {
        "verdict": Counter(dict.fromkeys(map(str, Verdict), 0)),
        "translation": Counter(dict.fromkeys(NAT_KINDS, 0)),
        "protocol": Counter(),
        "leaves": Counter(dict.fromkeys(("by a wire", "by a tunnel with a key", "to the host", "offloaded"), 0)),
    }
    for case in cases:
        kinds = Kinds(case.host)
        for one in case.asked:
            trace = one.trace
            found["verdict"][str(trace.verdict)] += 1
            found["protocol"][f"{protocol(one.packet)}/IPv{one.packet.family}"] += 1
            if trace.verdict is not Verdict.ACCEPT:
                continue
            found["translation"].update(kinds.of(trace))
            found["leaves"]["to the host" if trace.egress == "self" else "by a wire"] += 1
            found["leaves"]["by a tunnel with a key"] += trace.key is not None
            found["leaves"]["offloaded"] += trace.offload
    return found
