"""Packets as `flowc trace` prints them are packets as it reads them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowc.cli import main
from flowc.diagnostics import Diagnostics
from flowc.diagnostics.render_text import render_text
from flowc.ir.addresses import Family
from flowc.ir.packet import NUMBERS, Origin, Packet
from flowc.resolve import resolve
from flowc.resolve.asked import read_packets
from flowc.source import Source
from flowc.syntax.parse import parse
from flowc.trace.testing.failed import statement

FILE = """\
interface lan { device eth0; address 10.0.0.1/24, fd00::1/64 }
zone ZONE { interface lan }
policy ZONE -> self { accept icmp }
"""


@st.composite
def packets(draw: st.DrawFn) -> Packet:
    family: Family = draw(st.sampled_from((4, 6)))
    protocol = draw(st.one_of(st.sampled_from([*NUMBERS.values(), 1, 58]), st.integers(0, 255)))
    source, destination = (int(draw(st.ip_addresses(v=family))) for _ in range(2))
    packet = Packet(family, protocol, 0, 0, destination, source)
    if packet.has_ports:
        ports = st.integers(1, 65535)
        return packet._replace(detail=draw(ports), source_port=draw(ports))
    return packet._replace(detail=draw(st.integers(0, 255))) if packet.is_icmp else packet


PRINTABLE = st.characters(exclude_characters='"').filter(str.isprintable)
NAMES = st.one_of(
    st.sampled_from(["expect", "test", "from", "tcp", "a->b", "a-", "-a", "a.b", "7", "lan2", "10.0.0.1", "a  b", "#"]),
    st.text(PRINTABLE, min_size=1, max_size=8),
).filter(lambda name: name not in ("self", "any", "lan") and name.strip() == name)


@settings(derandomize=True, max_examples=600, deadline=None)
@given(packets(), NAMES)
def test_what_is_printed_is_read_as_the_same_packet(packet: Packet, zone: str) -> None:
    found = Diagnostics()
    host = resolve([parse(Source("t.flow", FILE.replace("ZONE", f'"{zone}"')), found)], found).hosts[0]
    assert not found.has_errors, render_text(found)
    text = statement(packet, zone)
    sent = read_packets(text, host, found)
    assert not list(found), f"{text}\n{render_text(found)}"
    assert sent is not None
    assert sent.origin == Origin("zone", zone)
    assert [one.only for one in sent.packets] == [packet]


def test_an_example_in_the_text_is_read_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "gw.flow"
    file.write_text(FILE.replace("ZONE", '"my zone"'), encoding="utf-8")
    assert main(["trace", str(file), 'icmp 42 10.0.0.5 -> 10.0.0.1 from "my zone"']) == 0
    assert capsys.readouterr().out.startswith("icmp 42 10.0.0.5 -> 10.0.0.1\n")
    assert main(["trace", str(file), 'any any -> any from "my zone"']) == 0
    examples = [line.split("`")[1] for line in capsys.readouterr().out.splitlines() if "for example" in line]
    assert examples
    for example in examples:
        assert main(["trace", str(file), example]) == 0, example
