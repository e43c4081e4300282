"""What a kernel does is judged by the same expectations as what the trace says, and differences are told."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast

import pytest

from flowc.api import compile_files
from flowc.cli import main
from flowc.ir.addresses import Range
from flowc.ir.network import Host
from flowc.ir.packet import Packet
from flowc.testbed import loading
from flowc.testbed.agreement import as_seen, differences, judge
from flowc.testbed.bed import Testbed
from flowc.testbed.model import Seen
from flowc.trace.engine import trace
from flowc.trace.model import Entry, Trace, Translated, Verdict

FILE = """
host gw { kernel 6.1 }
interface lan { device lan0; address 10.0.0.1/24 }
interface wan { device wan0; address 192.0.2.1/24 }
route default via 192.0.2.254
zone inside  { interface lan }
zone outside { interface wan }
policy inside -> outside { accept tcp 80; reject udp }
policy outside -> inside { drop }
nat inside -> outside { masquerade }

test "out" {
    tcp 10.0.0.5:40000 -> 198.51.100.7:80 from inside
    expect accept, source 192.0.2.1
    udp 10.0.0.5:40000 -> 198.51.100.7:1-9 from inside
    expect reject
}
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("agreement") / "gateway.flow"
    file.write_text(FILE)
    return file


@pytest.fixture(scope="module")
def host(file: Path) -> Host:
    (found,) = compile_files([file]).network.hosts
    return found


def said(one: Trace) -> Seen:
    """What a kernel does that does what the trace says."""

    def value(values: Range | None) -> int | None:
        return None if values is None else values.low

    if one.verdict is not Verdict.ACCEPT:
        return Seen(one.verdict)
    return Seen(
        one.verdict, one.egress, value(one.source.addresses), value(one.source.ports), value(one.destination.addresses),
        value(one.destination.ports), one.key, one.offload, one.answered,
    )  # fmt: skip


class Kernel:
    """One that does what the trace says, but for packets of some protocols, which it drops."""

    def __init__(self, host: Host, *dropped: int) -> None:
        self.host = host
        self.dropped = dropped
        self.sent: list[Packet] = []

    def send(self, sent: Sequence[tuple[Entry, Packet]]) -> list[Seen]:
        self.sent = [packet for _, packet in sent]
        return [
            Seen(Verdict.DROP) if packet.protocol in self.dropped else said(trace(self.host, entry, packet))
            for entry, packet in sent
        ]


def judged(host: Host, kernel: Kernel) -> tuple[list[bool], list[str]]:
    results, disagreements = judge(cast("Testbed", kernel), host, host.tests)
    return [one.passed for one in results], [str(one) for one in disagreements]


def test_a_kernel_that_does_what_the_trace_says_passes(host: Host) -> None:
    kernel = Kernel(host)
    assert judged(host, kernel) == ([True], [])
    assert {packet.detail for packet in kernel.sent if packet.protocol == 17} == {1, 9}  # the corners of the ports


def test_a_kernel_that_drops_what_shall_be_rejected_fails_the_test_and_is_told(host: Host) -> None:
    passed, told = judged(host, Kernel(host, 17))
    assert passed == [False]
    assert told[0] == (
        "udp 10.0.0.5:40000 -> 198.51.100.7:1 from lan: verdict: the kernel says drop, "
        "the trace says reject (a rule of policy inside -> outside)"
    )


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"verdict": Verdict.DROP}, "verdict"),
        ({"egress": "lan"}, "way out"),
        ({"key": 5}, "key"),
        ({"source": 1}, "source"),
        ({"source_port": 1}, "source"),
        ({"destination": 1}, "destination"),
        ({"destination_port": 1}, "destination"),
        ({"answered": False}, "answered"),
        ({"offload": True}, "offload"),
        ({"kept": False}, "what follows"),
    ],
)
def test_each_difference_is_told(host: Host, change: dict[str, object], named: str) -> None:
    from dataclasses import replace

    one = trace(host, Entry("lan"), Packet(4, 6, 80, 40000, 0xC6336407, 0x0A000005))
    same = replace(said(one), offload=one.offload)
    assert differences(one, same) == ()
    (told,) = differences(one, replace(same, **change))  # type: ignore[arg-type]  # one field each
    assert told.startswith(f"{named}: ")


def test_what_conntrack_cannot_tell_is_what_the_trace_says(host: Host) -> None:
    from dataclasses import replace

    for offload in (False, True):
        one = replace(trace(host, Entry("lan"), Packet(4, 6, 80, 40000, 0xC6336407, 0x0A000005)), offload=offload)
        seen = replace(said(one), offload=None)
        assert differences(one, seen) == ()
        assert as_seen(one, one.packet, seen).offload is offload


def test_what_the_file_does_not_know_may_be_anything(host: Host) -> None:
    from dataclasses import replace

    one = trace(host, Entry("lan"), Packet(4, 6, 80, 40000, 0xC6336407, 0x0A000005))
    unknown = replace(one, source=Translated(None, one.source.ports))
    assert differences(unknown, replace(said(one), source=77)) == ()


def test_a_missing_tool_is_named_and_nothing_is_run(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(loading, "which", lambda tool: None if tool == "nft" else tool)
    assert main(["test", "--kernel", str(file)]) == 2
    assert "not installed: nft" in capsys.readouterr().err
