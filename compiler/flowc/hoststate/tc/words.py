"""What a filter looks at and does, in the words of tc-flower(8) and tc-actions(8)."""

from __future__ import annotations

from flowc.hoststate.tc.actions import Checksums
from flowc.hoststate.tc.macs import MacOfDevice, MacOfNeighbor, Reference
from flowc.hoststate.tc.matching import BYTE, SHORT, WORD, CtState, Masked, Match, PortRange

PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmpv6"}
"""By number (RFC 5237). tc takes any other one as a hexadecimal number."""
_STATES = (CtState.TRK, CtState.NEW, CtState.EST, CtState.REL, CtState.INV, CtState.RPL)


def match_words(match: Match) -> dict[str, str | None]:
    """All keywords in the order in which tc takes them (a port needs its protocol before it), and what is behind them;
    None for what is not looked at.
    """
    proto = match.ip_proto
    return {
        "enc_key_id": None if match.key is None else str(match.key),
        "enc_src_ip": match.outer_source,
        "enc_dst_ip": match.outer_destination,
        "src_mac": match.source_mac,
        "dst_mac": match.destination_mac,
        "ip_proto": None if proto is None else PROTOCOLS.get(proto, f"{proto:#x}"),
        "src_ip": _address(match.source),
        "dst_ip": _address(match.destination),
        "src_port": _port(match.source_port),
        "dst_port": _port(match.destination_port),
        "type": _decimal(match.icmp_type),
        "tcp_flags": _bits(match.tcp_flags),
        "ip_flags": None if match.fragments is None else str(match.fragments),
        "ip_ttl": _number(match.ttl, BYTE),
        "ct_state": None if match.ct_state is None else _state(match.ct_state),
        "ct_zone": None if match.ct_zone is None else str(match.ct_zone),
        "ct_mark": _bits(match.ct_mark),
    }


def mark_words(value: int, mask: int) -> str:
    """Of skbedit: under its mask, unless that is all."""
    return f"{value:#x}" if mask == WORD else f"{value:#x}/{mask:#x}"


def checksum_words(of: Checksums) -> str:
    """`ip4h and tcp`."""
    return " and ".join(str(one.name).lower() for one in Checksums if one & of)


def value_words(value: str | int | Reference) -> str:
    """What is written into a packet; for a MAC that is not known yet a place between two `@`: `@eth0@` for that of a
    device, `@198.51.100.1%eth0@` for that of a machine. No address and no device name holds a `%`.
    """
    match value:
        case MacOfDevice(device):
            return f"@{device}@"
        case MacOfNeighbor(address, device):
            return f"@{address}%{device}@"
    return str(value)


def _address(prefix: str | None) -> str | None:
    """Of one machine without the length."""
    if prefix is None:
        return None
    address, _, length = prefix.partition("/")
    return address if int(length) == (128 if ":" in address else 32) else prefix


def _port(port: Masked | PortRange | None) -> str | None:
    return f"{port.first}-{port.last}" if isinstance(port, PortRange) else _number(port, SHORT)


def _number(one: Masked | None, exact: int) -> str | None:
    return str(one.value) if one is not None and one.mask == exact else _bits(one)


def _decimal(one: Masked | None) -> str | None:
    """Of ICMP, where tc takes no hexadecimal number (iproute2, tc/f_flower.c, flower_parse_u8)."""
    return f"{one.value}/{one.mask}" if one is not None and one.mask != BYTE else _number(one, BYTE)


def _bits(one: Masked | None) -> str | None:
    return None if one is None else f"{one.value:#x}/{one.mask:#x}"


def _state(state: Masked) -> str:
    return "".join(
        ("+" if state.value & flag else "-") + str(flag.name).lower() for flag in _STATES if state.mask & flag
    )


KEYWORDS = tuple(match_words(Match()))
"""All of flower's that flowc knows."""
