"""What is told of a flight from what was seen of its packets."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.quick.trace.asking import host_of

from flowc.ir.network import Host
from flowc.ir.packet import Packet
from flowc.testbed.flights import Flight, Flights
from flowc.testbed.frames import ethernet, parse
from flowc.testbed.packets import Turn, again, answer, first
from flowc.testbed.wires import Located
from flowc.trace.model import Entry

LAN, WAN, ROUTER = "02:00:00:00:00:01", "02:00:00:00:00:02", "02:00:00:00:00:03"
PACKET = Packet(4, 17, 7, 40000, 0xC6336407, 0x0A000005)


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return host_of(
        """
        interface lan { device eth1; address 10.0.0.1/24 }
        interface wan { device eth0; address 192.0.2.1/24 }
        """,
        tmp_path,
    )


def kept(
    host: Host,
    onward: dict[str, object],
    *,
    comes_back: bool = True,
    ports: tuple[str | None, str | None] = (None, None),
) -> bool:
    """Of a flight whose second packet leaves with something changed."""
    flight = Flight(3, Entry("lan"), PACKET, followed=True)
    flights = Flights(host, [flight])
    second = again(3, PACKET)
    assert second is not None
    frames = [ethernet(WAN, ROUTER, data) for data in (first(3, PACKET), second)]
    sent = parse(frames[0])
    for frame, changed, port in zip(frames, ({}, onward), ports, strict=True):
        packet = replace(parse(frame), **changed)  # type: ignore[arg-type]
        flights.on_wire(Located(host.interfaces["wan"], packet, port=port), frame)
    for turn in (Turn.ANSWER, *([Turn.ANSWER_AGAIN] if comes_back else [])):
        data = answer(3, turn, sent)
        assert data is not None
        back = ethernet(LAN, "02:00:00:00:00:05", data)
        flights.on_wire(Located(host.interfaces["lan"], parse(back)), back)
    seen = flight.seen()
    assert seen.answered
    return seen.kept


def test_a_connection_goes_on_as_it_began(host: Host) -> None:
    assert kept(host, {})
    assert not kept(host, {}, comes_back=False)


def test_a_bridge_may_learn_a_port_meanwhile(host: Host) -> None:
    """It floods what it knows no port for."""
    assert kept(host, {}, ports=("port1", "port2"))


@pytest.mark.parametrize(
    "onward",
    [
        {"source": "10.0.0.6"},
        {"source_port": 1},
        {"destination": "198.51.100.8"},
        {"destination_port": 1},
        {"ttl": 62},
        {"source_mac": LAN},
        {"destination_mac": LAN},
    ],
    ids=lambda onward: next(iter(onward)),
)
def test_a_second_packet_that_leaves_otherwise_is_told(host: Host, onward: dict[str, object]) -> None:
    assert not kept(host, onward)
