"""What a filter looks at, as attributes of flower (net/sched/cls_flower.c, fl_set_key and fl_dump_key)."""

from __future__ import annotations

from collections.abc import Iterator
from socket import htons, ntohs
from typing import Any

from flowc.backends.netlink.objects.filters import prefixes
from flowc.backends.netlink.objects.filters.taking import Attributes, UnsayableError
from flowc.backends.netlink.wire import address_text, be_number, mac_text, number
from flowc.hoststate.tc import ICMP, ICMPV6, SHORT, TCP, UDP, Fragments, Masked, Match, PortRange

_NAMES = {0x0003: "all", 0x0800: "ip", 0x86DD: "ipv6"}  # linux/if_ether.h
_NUMBERS = {name: value for value, name in _NAMES.items()}
_PREFIX = "TCA_FLOWER_KEY_"
_PORTS = {TCP: "TCP", UDP: "UDP"}
_ICMP = {ICMP: "ICMPV4", ICMPV6: "ICMPV6"}
_FLAGS = {
    Fragments.NONE: Masked(0, 1),
    Fragments.ANY: Masked(1, 1),
    Fragments.FIRST: Masked(2, 2),
    Fragments.LATER: Masked(1, 3),
}
"""TCA_FLOWER_KEY_FLAGS_IS_FRAGMENT and _FRAG_IS_FIRST."""
_FRAGMENTS = {flags: fragments for fragments, flags in _FLAGS.items()}
_SIDES = ("SRC", "DST")


def ethertype(protocol: str) -> int:
    """In network byte order, as messages have it."""
    return htons(_NUMBERS.get(protocol) or int(protocol, 16))


def protocol_of(ethertype: int) -> str:
    """Of one without a name its number."""
    found = ntohs(ethertype)
    return _NAMES.get(found, f"{found:#06x}")


def read(flower: dict[str, bytes], protocol: str) -> Match:
    """Of the attributes of flower by name, but for those that are no keys. Raises UnsayableError."""
    fields = Attributes(flower, _PREFIX)
    kind = fields.take("ETH_TYPE")
    if protocol != ("all" if kind is None else protocol_of(number(kind))):
        raise UnsayableError("ETH_TYPE")
    ip_proto = fields.number("IP_PROTO")
    icmp = _ICMP.get(ip_proto or 0)
    key, zone = fields.exact("ENC_KEY_ID"), fields.exact("CT_ZONE")
    outer_source, outer_destination = (_outer(fields, side) for side in _SIDES)
    source_mac, destination_mac = (_mac(fields.exact(f"ETH_{side}")) for side in _SIDES)
    source, destination = (_prefix(fields, side) for side in _SIDES)
    source_port, destination_port = (_port(fields, _PORTS.get(ip_proto or 0, ""), side) for side in _SIDES)
    match = Match(
        key=None if key is None else be_number(key),
        outer_source=outer_source,
        outer_destination=outer_destination,
        source_mac=source_mac,
        destination_mac=destination_mac,
        ip_proto=ip_proto,
        source=source,
        destination=destination,
        source_port=source_port,
        destination_port=destination_port,
        icmp_type=fields.masked(f"{icmp}_TYPE"),
        tcp_flags=fields.masked("TCP_FLAGS"),
        fragments=_fragments(fields.masked("FLAGS")),
        ttl=fields.masked("IP_TTL"),
        ct_state=fields.masked("CT_STATE", network=False),
        ct_zone=None if zone is None else number(zone),
        ct_mark=fields.masked("CT_MARK", network=False),
    )
    fields.end()
    return match


def _mac(value: bytes | None) -> str | None:
    return None if value is None else mac_text(value)


def _outer(fields: Attributes, side: str) -> str | None:
    """Addresses of both families are none that a packet has."""
    found = [value for version in (4, 6) if (value := fields.exact(f"ENC_IPV{version}_{side}")) is not None]
    if len(found) > 1:
        raise UnsayableError("ENC_IPV6")
    return address_text(found[0]) if found else None


def _prefix(fields: Attributes, side: str) -> str | None:
    for version in (4, 6):
        name = f"IPV{version}_{side}"
        value, mask = fields.take(name), fields.take(f"{name}_MASK")
        if value is not None:
            return prefixes.read(value, mask or b"\xff" * len(value))
    return None


def _port(fields: Attributes, protocol: str, side: str) -> Masked | PortRange | None:
    first, last = fields.take(f"PORT_{side}_MIN"), fields.take(f"PORT_{side}_MAX")
    one = fields.masked(f"{protocol}_{side}")
    if first is None or last is None:
        return one
    if one is not None:
        raise UnsayableError(f"PORT_{side}_MIN")
    return PortRange(be_number(first), be_number(last))


def _fragments(flags: Masked | None) -> Fragments | None:
    if flags is None:
        return None
    if flags not in _FRAGMENTS:
        raise UnsayableError("FLAGS")
    return _FRAGMENTS[flags]


def write(match: Match, protocol: str) -> list[tuple[str, Any]]:
    """Attributes of flower for pyroute2."""
    return [(f"{_PREFIX}{name}", value) for name, value in _keys(match, protocol)]


def _keys(match: Match, protocol: str) -> Iterator[tuple[str, Any]]:
    if protocol != "all":
        yield "ETH_TYPE", ntohs(ethertype(protocol))
    if match.key is not None:
        yield "ENC_KEY_ID", match.key
    for side, address in zip(_SIDES, (match.outer_source, match.outer_destination), strict=True):
        if address is not None:
            yield from _masked_address("ENC_", side, address)
    for side, mac in zip(_SIDES, (match.source_mac, match.destination_mac), strict=True):
        if mac is not None:
            yield f"ETH_{side}", mac
            yield f"ETH_{side}_MASK", "ff:ff:ff:ff:ff:ff"
    if match.ip_proto is not None:
        yield "IP_PROTO", match.ip_proto
    for side, prefix in zip(_SIDES, (match.source, match.destination), strict=True):
        if prefix is not None:
            yield from _masked_address("", side, prefix)
    for side, port in zip(_SIDES, (match.source_port, match.destination_port), strict=True):
        if isinstance(port, PortRange):
            yield f"PORT_{side}_MIN", port.first
            yield f"PORT_{side}_MAX", port.last
        else:
            yield from _masked(f"{_PORTS.get(match.ip_proto or 0)}_{side}", port)
    yield from _masked(f"{_ICMP.get(match.ip_proto or 0)}_TYPE", match.icmp_type)
    yield from _masked("TCP_FLAGS", match.tcp_flags)
    yield from _masked("FLAGS", None if match.fragments is None else _FLAGS[match.fragments])
    yield from _masked("IP_TTL", match.ttl)
    yield from _masked("CT_STATE", match.ct_state)
    yield from _masked("CT_ZONE", None if match.ct_zone is None else Masked(match.ct_zone, SHORT))
    yield from _masked("CT_MARK", match.ct_mark)


def _masked(name: str, one: Masked | None) -> Iterator[tuple[str, int]]:
    if one is not None:
        yield name, int(one.value)
        yield f"{name}_MASK", int(one.mask)


def _masked_address(whose: str, side: str, prefix: str) -> Iterator[tuple[str, str]]:
    name = f"{whose}IPV{6 if ':' in prefix else 4}_{side}"
    yield name, prefix.partition("/")[0]
    yield f"{name}_MASK", address_text(prefixes.mask_of(prefix))
