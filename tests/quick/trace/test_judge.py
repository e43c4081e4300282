"""Whether a test passes: each kind of expectation against the way that a packet goes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flowc.diagnostics import Diagnostics
from flowc.ir.addresses import Range
from flowc.ir.network import Host
from flowc.ir.tests import Case
from flowc.resolve import resolve
from flowc.source import Source
from flowc.syntax.parse import parse
from flowc.trace.model import Entry, Stage, Step, Trace, Translated, Verdict
from flowc.trace.partition import TooManyWaysError
from flowc.trace.testing import judge
from flowc.trace.testing.failed import text

FILE = """\
interface lan { device eth1; address 10.0.0.1/24, fd00::1/64 }
endpoint pc { address 10.0.0.5, fd00::5; interface lan }
zone inside { interface lan }
policy inside -> self {
    accept tcp 22 log "admin ssh"
    drop tcp {1-21,
        23-99}  # and no others
}
"""


def host_with(expected: str, packet: str = "tcp 10.0.0.5:40000 -> 10.0.0.1:22 from inside") -> Host:
    diagnostics = Diagnostics()
    text = f'{FILE}test "t" {{\n{packet}\nexpect {expected}\n}}'
    host = resolve([parse(Source("t.flow", text), diagnostics)], diagnostics).hosts[0]
    assert not diagnostics.has_errors, list(diagnostics)
    return host


HOST = host_with("accept")
CASE = HOST.tests[0].cases[0]


def at(address: int, port: int | None = 80) -> Translated:
    return Translated(Range(address, address), None if port is None else Range(port, port))


PACKETS = CASE.sent.packets[0]
ACCEPTED = Trace(
    packet=PACKETS.first,
    entry=Entry("lan"),
    steps=(Step(Stage.VERDICT, "accept: it may"),),
    verdict=Verdict.ACCEPT,
    reason="it may",
    span=None,
    egress="lan",
    destination=at(0x0A000005),
    source=Translated(Range(0x0A000001, 0x0A000003), Range(1024, 2000)),
    policy=HOST.policies[0],
    rule=HOST.policies[0].rules[0],
    key=7,
    offload=True,
    offload_reason="the rule says so",
    answered=True,
    packets=PACKETS,
)
ENDED = {
    verdict: replace(ACCEPTED, verdict=verdict, reason="so", rule=None, key=None, offload=False)
    for verdict in (Verdict.DROP, Verdict.REJECT, Verdict.UNREACHABLE)
}


def case(expected: str) -> Case:
    return host_with(expected).tests[0].cases[0]


def got(expected: str, *traces: Trace) -> list[str]:
    return [one.got for one in judge.judge(case(expected), traces)]


@pytest.mark.parametrize(
    "expected",
    [
        "accept",
        "destination 10.0.0.5",
        "destination 10.0.0.5:80",
        "destination 10.0.0.5:70-90",
        "destination pc:80",
        "offload",
        "key 7",
        "not key 8",
        'rule "admin ssh"',
        'rule "accept tcp 22 log admin ssh"',
    ],
)
def test_what_happens_meets_the_expectation(expected: str) -> None:
    assert got(expected, ACCEPTED) == []


@pytest.mark.parametrize(
    ("expected", "happens"),
    [
        ("drop", "accept: it may"),
        ("unreachable", "accept: it may"),
        ("destination 10.0.0.6", "destination 10.0.0.5:80"),
        ("destination 10.0.0.5:81", "destination 10.0.0.5:80"),
        ("destination fd00::5", "destination 10.0.0.5:80"),
        ("source 10.0.0.1", "source 10.0.0.1-10.0.0.3:1024-2000"),
        ("not offload", "offload: the rule says so"),
        ("key 8", "key 7"),
        ("not key 7", "key 7"),
        ('rule "admin"', 'rule "admin ssh"'),
    ],
)
def test_a_failure_says_what_happens_instead(expected: str, happens: str) -> None:
    assert got(expected, ACCEPTED) == [happens]


@pytest.mark.parametrize("verdict", list(ENDED))
def test_unreachable_is_all_that_does_not_get_there(verdict: Verdict) -> None:
    met = {word for word in ("accept", "drop", "reject", "unreachable") if not got(word, ENDED[verdict])}
    assert met == {verdict.value, "unreachable"}


def test_of_what_is_dropped_the_verdict_is_told() -> None:
    dropped = ENDED[Verdict.DROP]
    assert got("key 7", dropped) == ["no tunnel key, and drop: so"]
    assert got("offload", dropped) == ["drop: so"]
    assert got('rule "admin ssh"', dropped) == ["no rule decides: drop: so"]


def test_an_address_that_nobody_knows_is_no_address() -> None:
    leased = replace(ACCEPTED, source=Translated(None, Range(1, 9)))
    assert got("source 10.0.0.1", leased) == ["source an address that the file does not say:1-9"]


def test_a_rule_is_called_by_its_text_without_line_ends_and_comments() -> None:
    other = replace(ACCEPTED, rule=HOST.policies[0].rules[1])
    assert got('rule "drop tcp {1-21, 23-99}"', other) == []
    assert got('rule "drop tcp"', other) == ['rule "drop tcp {1-21, 23-99}"']


def test_an_expectation_holds_for_all_ways() -> None:
    (failure,) = judge.judge(case("accept"), [ACCEPTED, ENDED[Verdict.DROP], ENDED[Verdict.REJECT]])
    assert (failure.got, failure.others) == ("drop: so", 1)
    assert failure.trace is ENDED[Verdict.DROP]


def test_packets_that_come_from_nowhere_meet_nothing() -> None:
    assert got("drop") == ["no such packet comes from `inside`"]


def test_too_many_ways_are_a_failure() -> None:
    def endless(*_: object) -> list[Trace]:
        raise TooManyWaysError

    (failure,) = judge.run(HOST, HOST.tests[0], endless).failures
    assert failure.got == "the packets go more ways than can be told apart: test fewer of them at once"


def test_a_failure_is_told_with_its_place_and_the_way_of_the_packet() -> None:
    host = host_with("drop, not offload")
    assert text(judge.run(host, host.tests[0], lambda *_: [ACCEPTED])) == (
        "FAILED  localhost: t\n"
        "\n"
        "expected drop, got accept: it may\n"
        "  --> t.flow:11:8\n"
        "   |\n"
        "10 | tcp 10.0.0.5:40000 -> 10.0.0.1:22 from inside\n"
        "   | --------------------------------------------- of this packet\n"
        "11 | expect drop, not offload\n"
        "   |        ^^^^ expected here\n"
        "\n"
        "expected not offload, got offload: the rule says so\n"
        "  --> t.flow:11:14\n"
        "   |\n"
        "10 | tcp 10.0.0.5:40000 -> 10.0.0.1:22 from inside\n"
        "   | --------------------------------------------- of this packet\n"
        "11 | expect drop, not offload\n"
        "   |              ^^^^^^^^^^^ expected here\n"
        "\n"
        "  the way of tcp 10.0.0.5:40000 -> 10.0.0.1:22:\n"
        "    verdict        accept: it may\n"
        "\n"
    )


@pytest.mark.parametrize(
    ("packet", "expected", "passes"),
    [
        (
            "tcp 10.0.0.0/24 -> 10.0.0.1:22 from inside",
            "accept",
            True,
        ),  # what cannot come from there is not asked about
        ("tcp 10.0.0.2-10.0.0.200 -> 10.0.0.1:22 from inside", 'accept, rule "admin ssh"', True),
        ("tcp pc -> {10.0.0.1, fd00::1}:22 from pc", "accept", True),
        ("tcp any -> 10.0.0.1:{1-21, 23-99} from inside", "drop", True),
        ("tcp any -> 10.0.0.1:{1-99} from inside", "drop", False),
    ],
)
def test_a_test_is_run_from_the_file_alone(packet: str, expected: str, passes: bool) -> None:
    host = host_with(expected, packet)
    assert judge.run(host, host.tests[0]).passed == passes
