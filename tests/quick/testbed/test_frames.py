"""Packets built by hand are right on the wire, and are read back as what they are."""

import pytest

from flowc.testbed import frames
from flowc.testbed.frames import (
    arp_frame,
    ethernet,
    gre_packet,
    icmp_echo_packet,
    ip_packet,
    parse,
    tcp_packet,
    udp_packet,
)

MACS = ("52:54:00:00:00:01", "52:54:00:00:00:02")
PAIRS = [("192.0.2.1", "198.51.100.2"), ("2001:db8::1", "2001:db8:1::2")]


def test_an_ipv4_header_has_the_known_checksum() -> None:
    packet = ip_packet("192.168.0.1", "192.168.0.199", 17, bytes(95), df=True)
    assert packet[:20].hex() == "4500007300004000" + "4011b861" + "c0a80001c0a800c7"


@pytest.mark.parametrize(("source", "destination"), PAIRS)
def test_a_syn_is_read_back(source: str, destination: str) -> None:
    packet = parse(ethernet(*MACS, tcp_packet(source, destination, 1000, 80, "S", mss=1418, ttl=9)))
    assert (packet.source_mac, packet.destination_mac) == MACS
    assert (packet.source, packet.destination, packet.protocol, packet.ttl) == (source, destination, "tcp", 9)
    assert (packet.source_port, packet.destination_port, packet.flags, packet.mss) == (1000, 80, "S", 1418)


@pytest.mark.parametrize(("source", "destination"), PAIRS)
@pytest.mark.parametrize("payload", [b"", b"x", b"odd number of bytes"[:17]])
def test_checksums_over_the_pseudo_header_add_up(source: str, destination: str, payload: bytes) -> None:
    for protocol, packet in (
        (17, udp_packet(source, destination, 1, 2, payload)),
        (6, tcp_packet(source, destination, 1, 2, "PA", payload=payload)),
    ):
        body = packet[40:] if ":" in source else packet[20:]
        pseudo = frames._address(source) + frames._address(destination)
        assert frames._checksum(pseudo + len(body).to_bytes(4, "big") + protocol.to_bytes(4, "big") + body) == 0


@pytest.mark.parametrize("key", [None, 0, 1000, 0xFFFFFFFF])
def test_a_gre_key_and_the_inner_packet_are_read(key: int | None) -> None:
    inner = ethernet(*MACS, icmp_echo_packet("10.0.0.1", "10.0.0.2", 7, 3))
    packet = parse(ethernet(*MACS, gre_packet("192.0.2.1", "192.0.2.2", inner, key=key)))
    assert (packet.protocol, packet.key) == ("gre", key)
    assert packet.inner is not None
    assert (packet.inner.source, packet.inner.protocol, packet.inner.operation) == ("10.0.0.1", "icmp", 8)


def test_a_packet_without_a_link_layer_is_read() -> None:
    packet = parse(udp_packet("10.0.0.1", "10.0.0.2", 5, 6, b"data"), link_layer=False)
    assert (packet.source_mac, packet.source_port, packet.payload) == (None, 5, b"data")


def test_arp_and_a_vlan_tag_are_read() -> None:
    frame = arp_frame(2, (MACS[0], "10.0.0.1"), (MACS[1], "10.0.0.2"), MACS[1])
    tagged = frame[:12] + bytes.fromhex("81000064") + frame[12:]
    for packet, vlan in ((parse(frame), None), (parse(tagged), 100)):
        assert (packet.protocol, packet.operation, packet.vlan) == ("arp", 2, vlan)
        assert (packet.source, packet.destination) == ("10.0.0.1", "10.0.0.2")


def test_a_fragment_that_is_not_the_first_has_no_ports() -> None:
    packet = bytearray(udp_packet("10.0.0.1", "10.0.0.2", 5, 6, bytes(100)))
    packet[6:8] = (185).to_bytes(2, "big")
    assert parse(bytes(packet), link_layer=False).source_port is None
