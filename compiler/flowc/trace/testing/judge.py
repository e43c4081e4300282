"""Whether what happens to the packets of a test is what it expects."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import ClassVar, TypeAlias

from flowc.diagnostics import Diagnostics
from flowc.ir.addresses import Family, Range, format_address
from flowc.ir.network import Host
from flowc.ir.policy import Rule
from flowc.ir.tests import Case, Expected, Sent, Test
from flowc.trace.model import Trace, Translated, Verdict
from flowc.trace.partition import TooManyWaysError, partition

Partition: TypeAlias = Callable[[Host, Sent], Sequence[Trace]]


@dataclass(frozen=True, slots=True)
class Failure:
    """An expectation that some packets of its case do not meet."""

    case: Case
    expected: Expected
    got: str
    """What happens instead, to the packets of `trace`."""
    trace: Trace | None
    """The first way that shows it; None where no packet can be on its way."""
    others: int
    """How many more ways show it, too."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a test: without failures it has passed."""

    host: str
    test: Test
    failures: tuple[Failure, ...]

    @property
    def passed(self) -> bool:
        return not self.failures


@dataclass(frozen=True, slots=True)
class TestRun:
    """What checking found, and what became of the tests of each host by name; none if there are errors."""

    __test__: ClassVar[bool] = False  # nothing for pytest

    diagnostics: Diagnostics
    results: Mapping[str, tuple[Result, ...]]

    @property
    def tests(self) -> tuple[Result, ...]:
        return tuple(one for results in self.results.values() for one in results)


def run(host: Host, test: Test, ways: Partition = partition) -> Result:
    """Judge one test by the ways that its packets go."""
    failures: list[Failure] = []
    for case in test.cases:
        try:
            failures += judge(case, ways(host, case.sent))
        except TooManyWaysError:
            failures += _none(case, "the packets go more ways than can be told apart: test fewer of them at once")
    return Result(host.name, test, tuple(failures))


def judge(case: Case, traces: Sequence[Trace]) -> tuple[Failure, ...]:
    """The expectations that are not met, in their order. Each has to hold for all packets."""
    if not traces:
        return _none(case, f"no such packet comes from `{case.sent.origin.name}`")
    failures = []
    for _, group in groupby(case.expected, key=attrgetter("span")):
        alternatives = tuple(group)
        wrong = [(trace, got) for trace in traces if (got := unmet(alternatives, trace)) is not None]
        if wrong:
            trace, got = wrong[0]
            failures.append(Failure(case, alternatives[0], got, trace, len(wrong) - 1))
    return tuple(failures)


def _none(case: Case, why: str) -> tuple[Failure, ...]:
    """A case that nothing can be said of fails, or it would pass for ever unnoticed."""
    return (Failure(case, case.expected[0], why, None, 0),) if case.expected else ()


def unmet(alternatives: Sequence[Expected], trace: Trace) -> str | None:
    """None if an expectation is met; else what happens instead.

    `alternatives` are more than one for a name with addresses of both families.
    """
    family = trace.packet.family
    mine = next((one for one in alternatives if one.family in (None, family)), alternatives[0])
    return _JUDGES[mine.what](mine, trace)


def translated(family: Family, end: Translated) -> str:
    """`10.0.0.75:80`, `2.2.2.20-2.2.2.23:1024-65535`, `[2001:db8::1]:80`."""
    if end.addresses is None:
        text = "an address that the file does not say"
    else:
        text = "-".join(format_address(family, value) for value in dict.fromkeys(end.addresses))
    if end.ports is None:
        return text
    ports = "-".join(str(port) for port in dict.fromkeys(end.ports))
    return f"[{text}]:{ports}" if family == 6 and end.addresses is not None else f"{text}:{ports}"


# ---- one kind of expectation each -----------------------------------------------------------------------------------


def _outcome(trace: Trace) -> str:
    return f"{trace.verdict}: {trace.reason}"


def _verdict(expected: Expected, trace: Trace) -> str | None:
    met = trace.verdict != Verdict.ACCEPT if expected.what == "unreachable" else trace.verdict == expected.what
    return None if met else _outcome(trace)


def _end(which: str, expected: Expected, trace: Trace) -> str | None:
    family: Family = trace.packet.family
    end: Translated = getattr(trace, which)
    address = expected.address
    same = expected.family == family and address is not None and end.addresses == Range(address, address)
    if same and (expected.ports is None or _within(end.ports, expected.ports)):
        return None
    return f"{which} {translated(family, end)}" + _unless_accepted(trace)


def _within(ports: Range | None, wanted: Range) -> bool:
    return ports is not None and wanted.low <= ports.low and ports.high <= wanted.high


def _offload(expected: Expected, trace: Trace) -> str | None:
    if trace.offload != expected.negated:
        return None
    if trace.verdict != Verdict.ACCEPT:
        return _outcome(trace)
    return f"{'offload' if trace.offload else 'no offload'}: {trace.offload_reason}"


def _key(expected: Expected, trace: Trace) -> str | None:
    if (trace.key == expected.key) != expected.negated:
        return None
    return ("no tunnel key" if trace.key is None else f"key {trace.key}") + _unless_accepted(trace)


def _rule(expected: Expected, trace: Trace) -> str | None:
    if trace.rule is None:
        return f"no rule decides: {_outcome(trace)}"
    names = rule_names(trace.rule)
    if _plain(expected.text or "") in map(_plain, names):
        return None
    return f'rule "{names[0]}"'


def rule_names(rule: Rule) -> tuple[str, ...]:
    """What a test can call a rule: its log prefix where it has one, and its own text."""
    text = " ".join(line.partition("#")[0].strip() for line in rule.span.text.splitlines())
    return (text,) if rule.log is None else (rule.log.prefix, text)


def _plain(text: str) -> str:
    """Without what is no difference: a text in quotes cannot hold quotes."""
    return " ".join(text.replace('"', "").split())


def _unless_accepted(trace: Trace) -> str:
    return "" if trace.verdict == Verdict.ACCEPT else f", and {_outcome(trace)}"


_JUDGES: dict[str, Callable[[Expected, Trace], str | None]] = {
    "accept": _verdict,
    "drop": _verdict,
    "reject": _verdict,
    "unreachable": _verdict,
    "source": partial(_end, "source"),
    "destination": partial(_end, "destination"),
    "offload": _offload,
    "key": _key,
    "rule": _rule,
}
