"""Every packet of a flight can be told from all others, and errors find the one that they are about."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowc.ir.addresses import parse_address
from flowc.ir.packet import Packet
from flowc.testbed.frames import icmp_packet, parse, sctp_init, sctp_packet, tcp_packet, udplite_packet
from flowc.testbed.loading import AFTER_RULESET, IPV6_PREFIX
from flowc.testbed.packets import MOST, Turn, again, answer, first, marked, reset

ENDS = {4: ("192.0.2.1", "198.51.100.2"), 6: ("2001:db8::1", "2001:db8:1::2")}


def packet(family: int, protocol: int, port: int = 80, source_port: int = 40000) -> Packet:
    source, destination = (parse_address(one)[1] for one in ENDS[family])
    return Packet(6 if family == 6 else 4, protocol, port, source_port, destination, source)


KINDS = [(4, 6), (6, 6), (4, 17), (6, 17), (4, 132), (6, 132), (4, 136), (6, 136), (4, 89), (6, 89), (4, 47), (4, 255)]


@pytest.mark.parametrize(("family", "protocol"), KINDS)
def test_a_first_packet_and_its_answer_are_found_again(family: int, protocol: int) -> None:
    sent = first(77, packet(family, protocol))
    seen = parse(sent, link_layer=False)
    assert (seen.source, seen.destination) == ENDS[family]
    assert marked(sent) == (77, Turn.FIRST)
    back = answer(77, Turn.ANSWER, seen)
    assert back is not None
    heard = parse(back, link_layer=False)
    assert marked(back) == (77, Turn.ANSWER)
    assert (heard.source, heard.destination) == ENDS[family][::-1]
    assert (heard.source_port, heard.destination_port) == (seen.destination_port, seen.source_port)


@given(st.integers(0, MOST - 1))
def test_a_reset_tells_whom_it_answers(flight: int) -> None:
    sent = parse(first(flight, packet(4, 6)), link_layer=False)
    assert sent.sequence is not None
    end = sent.sequence + 1 + len(sent.payload)
    heard = parse(tcp_packet(*ENDS[4][::-1], 80, 40000, "RA", acknowledgement=end), link_layer=False)
    assert reset(heard) == flight


def test_a_handshake_acknowledges_all_that_was_sent() -> None:
    asked = parse(first(5, packet(4, 6)), link_layer=False)
    back = answer(5, Turn.ANSWER, asked)
    onward = again(5, packet(4, 6))
    assert back is not None
    assert onward is not None
    heard, data = parse(back, link_layer=False), parse(onward, link_layer=False)
    assert asked.sequence is not None
    assert heard.sequence is not None
    assert (asked.flags, heard.flags, data.flags) == ("S", "SA", "PA")
    assert heard.acknowledgement == asked.sequence + 1 + len(asked.payload) == data.sequence
    assert data.acknowledgement == heard.sequence + 1 + len(heard.payload)


def test_an_error_quotes_the_mark() -> None:
    sent = first(9, packet(4, 17))
    assert marked(icmp_packet("192.0.2.254", ENDS[4][0], 3, 3, bytes(4) + sent)) == (9, Turn.FIRST)


@pytest.mark.parametrize(("family", "kind", "reply"), [(4, 8, 0), (4, 13, 14), (6, 128, 129)])
def test_a_request_is_answered_by_its_reply(family: int, kind: int, reply: int) -> None:
    seen = parse(first(3, packet(family, 1 if family == 4 else 58, kind, 0)), link_layer=False)
    back = answer(3, Turn.ANSWER, seen)
    assert back is not None
    assert parse(back, link_layer=False).operation == reply


def test_an_error_message_is_not_answered() -> None:
    seen = parse(first(3, packet(4, 1, 3, 0)), link_layer=False)
    assert answer(3, Turn.ANSWER, seen) is None


def test_what_has_no_mark_is_nobodys() -> None:
    assert marked(tcp_packet(*ENDS[4], 1, 2)) is None
    assert reset(parse(tcp_packet(*ENDS[4], 1, 2), link_layer=False)) is None


def test_sctp_has_the_checksum_of_rfc_9260() -> None:
    """The check value of CRC-32C: 0xe3069283 of the digits from 1 to 9."""
    from flowc.testbed.frames import _crc32c

    assert _crc32c(b"123456789") == 0xE3069283
    sent = parse(sctp_packet(*ENDS[4], 1, 2, sctp_init(7, b"abc")), link_layer=False)
    assert (sent.protocol, sent.source_port, sent.destination_port) == ("sctp", 1, 2)
    assert sent.payload[0] == 1  # INIT
    assert int.from_bytes(sent.payload[2:4], "big") == len(sent.payload) - 1  # all but the padding of the parameter


def test_a_udplite_datagram_is_covered_as_a_whole() -> None:
    sent = udplite_packet(*ENDS[4], 1, 2, b"abc")
    assert int.from_bytes(sent[24:26], "big") == 11


def test_the_marks_in_a_batch_are_those_of_the_backend() -> None:
    """The testbed reads files and knows no backend."""
    from flowc.backends import iproute2

    assert f"# {iproute2.AFTER_RULESET}" == AFTER_RULESET
    assert iproute2.IPV6_PREFIX == IPV6_PREFIX
