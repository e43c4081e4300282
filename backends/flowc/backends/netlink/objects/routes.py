"""Routes of protocol 102, in all tables.

What is read is what lowering writes, where the kernel has other words: an IPv6 route without a device is on lo, one
without a metric has that of the family (flowc/delta/routes.py), and a next hop's weight is one more than it says.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Iterator, Mapping
from socket import AF_INET, AF_INET6, inet_ntop
from typing import Any

from flowc.backends.iproute2.routing import PROTOCOL
from flowc.backends.netlink.connection import CREATE, REPLACE, Connection, MissingDeviceError, RefusedError
from flowc.backends.netlink.messages.lwtunnel_ip import LWTUNNEL_ENCAP_IP, LWTUNNEL_ENCAP_IP6, TUNNEL_KEY, rtmsg
from flowc.backends.netlink.objects.devices import index_of
from flowc.backends.netlink.objects.foreign import Foreign
from flowc.backends.netlink.wire import HEADER, attributes, be_number, number, u32
from flowc.delta.kinds import Scalar
from flowc.delta.routes import DEFAULT_METRIC, ROUTE, Route
from flowc.hoststate import Encap, NetworkState, NextHop, RouteRow
from flowc.hoststate.routing import Family
from flowc.ir.tables import Table
from flowc.lower.routing import ordered
from flowc.source import NOWHERE

_NEW, _DELETE, _GET = 24, 25, 26  # RTM_*ROUTE
_KINDS = {1: "unicast", 2: "local", 6: "blackhole", 7: "unreachable"}  # linux/rtnetlink.h, enum rt_type
_ALL_KINDS = {**_KINDS, 3: "broadcast", 4: "anycast", 5: "multicast", 8: "prohibit", 9: "throw"}
_TYPES = {name: value for value, name in _KINDS.items()}
_AF: dict[int, int] = {4: AF_INET, 6: AF_INET6}
_CLONED = 0x200  # RTM_F_CLONED
_ONLINK = 4  # RTNH_F_ONLINK
_UNIVERSE, _LINK, _HOST, _NOWHERE = 0, 253, 254, 255  # RT_SCOPE_*
_DST, _OIF, _GATEWAY, _PRIORITY, _MULTIPATH, _TABLE, _VIA, _ENCAP_TYPE, _ENCAP = 1, 4, 5, 6, 9, 15, 18, 21, 22  # RTA_*
_WAY = (_OIF, _GATEWAY, _MULTIPATH, _VIA, _ENCAP_TYPE, _ENCAP)
_PROTOCOLS = {3: "boot", 4: "static", 11: "zebra", 12: "bird", 16: "dhcp", 186: "bgp", 188: "ospf"}
"""RTPROT_*, as `ip` calls those that are often there."""
_KERNELS = (1, 2, 9)  # RTPROT_REDIRECT, RTPROT_KERNEL, RTPROT_RA
_LOCAL = 2  # RTN_LOCAL: this kind and those before it lead somewhere
_MESSAGE = struct.Struct("=BBBBBBBBI")
"""struct rtmsg."""
_HOP = struct.Struct("=HBBi")
"""struct rtnexthop."""
_ANYWHERE = {LWTUNNEL_ENCAP_IP: bytes(4), LWTUNNEL_ENCAP_IP6: bytes(16)}


def read(
    connection: Connection, names: Mapping[int, str], wanted: NetworkState, foreign: list[Foreign]
) -> Table[RouteRow]:
    """In the order in which they can be loaded; to `foreign` others' that are in the way. Raises RefusedError.

    Left out is what no RouteRow can say: of another kind, or for a TOS or some sources only.
    """
    families: tuple[Family, ...] = (4, 6)
    own = ordered(Table(RouteRow, (row for family in families for row in _rows(connection, family, names))))
    foreign += _others(connection, names, _missing(wanted.routes, own))
    return own


def _rows(connection: Connection, family: Family, names: Mapping[int, str]) -> Iterator[RouteRow]:
    own = _AF[family]
    hops: dict[tuple[object, ...], tuple[NextHop, ...]] = {}
    for message in connection.dump(_GET, _MESSAGE.pack(own, 0, 0, 0, 0, PROTOCOL, 0, 0, 0)):
        there, length, source, tos, table, protocol, _, kind, flags = _MESSAGE.unpack_from(message, HEADER)
        # Of a family that the kernel does not have it lists all others instead.
        if there != own or protocol != PROTOCOL or kind not in _KINDS or source or tos or flags & _CLONED:
            continue
        found = attributes(message, HEADER + _MESSAGE.size)
        # Of many routes there are few ways on.
        way = (flags & _ONLINK, *map(found.get, _WAY)) if kind <= _LOCAL else ()
        if way not in hops:
            hops[way] = _hops(family, flags, found, names) if way else ()
        metric = number(found[_PRIORITY]) if _PRIORITY in found else None
        yield RouteRow(
            family,
            number(found[_TABLE]) if _TABLE in found else table,
            f"{inet_ntop(own, found[_DST])}/{length}" if length else "default",
            _KINDS[kind],  # type: ignore[arg-type]  # one of the four
            hops[way],
            None if metric == DEFAULT_METRIC[family] else metric,
            NOWHERE,
        )


def _missing(wanted: Table[RouteRow], own: Table[RouteRow]) -> dict[tuple[Scalar, ...], RouteRow]:
    """By what the kernel knows them by."""
    there = {ROUTE.key(Route(row, ())) for row in own}
    return {key: row for row in wanted if (key := ROUTE.key(Route(row, ()))) not in there}


def _others(
    connection: Connection, names: Mapping[int, str], missing: Mapping[tuple[Scalar, ...], RouteRow]
) -> Iterator[Foreign]:
    """What others made in the place of routes that are missing. What the kernel makes by itself may be replaced."""
    for family, table in sorted({(row.family, row.table) for row in missing.values()}):
        own = _AF[family]
        for message in _of_table(connection, family, table):
            there, length, source, tos, _, protocol, _, kind, flags = _MESSAGE.unpack_from(message, HEADER)
            if there != own or protocol in (PROTOCOL, *_KERNELS) or source or tos or flags & _CLONED:
                continue
            found = attributes(message, HEADER + _MESSAGE.size)
            destination = f"{inet_ntop(own, found[_DST])}/{length}" if length else "default"
            metric = number(found[_PRIORITY]) if _PRIORITY in found else 0
            row = missing.get((family, table, destination, metric))
            if row is not None:
                hops = _hops(family, flags, found, names) if kind <= _LOCAL else ()
                # Of a kind that no file can ask for: it is only told.
                theirs = row._replace(kind=_ALL_KINDS.get(kind, f"type {kind}"), nexthops=hops)  # type: ignore[arg-type]
                words = ROUTE.words(Route(theirs, (False,) * len(hops)))
                whose = f"was not made by flowc: proto {_PROTOCOLS.get(protocol, protocol)}"
                yield Foreign(f"route {words} exists and {whose}", row.span)


def _of_table(connection: Connection, family: Family, table: int) -> list[bytes]:
    body = _MESSAGE.pack(_AF[family], 0, 0, 0, 0, 0, 0, 0, 0) + u32(_TABLE, table)
    try:
        return connection.dump(_GET, body)
    except RefusedError as error:
        if error.code != errno.ENOENT:
            raise
        return []  # there is no such table


def _hops(family: Family, flags: int, found: Mapping[int, bytes], names: Mapping[int, str]) -> tuple[NextHop, ...]:
    if _MULTIPATH not in found:
        return (_hop(family, found, names.get(number(found[_OIF])) if _OIF in found else None, 1, flags),)
    data, at, hops = found[_MULTIPATH], 0, []
    while at + _HOP.size <= len(data):
        length, flags, weight, device = _HOP.unpack_from(data, at)
        if length < _HOP.size:
            break
        hops.append(_hop(family, attributes(data, at + _HOP.size, at + length), names.get(device), weight + 1, flags))
        at += (length + 3) & ~3
    return tuple(hops)


def _hop(family: Family, found: Mapping[int, bytes], device: str | None, weight: int, flags: int) -> NextHop:
    gateway = None
    if _GATEWAY in found:
        gateway = inet_ntop(_AF[family], found[_GATEWAY])
    elif _VIA in found:  # struct rtvia: a family in front
        address = found[_VIA][2:]
        gateway = inet_ntop(AF_INET if len(address) == 4 else AF_INET6, address)
    encap = _encap(found[_ENCAP_TYPE], found[_ENCAP]) if _ENCAP in found and _ENCAP_TYPE in found else None
    return NextHop(gateway, device, weight, encap, bool(flags & _ONLINK))


def _encap(kind: bytes, data: bytes) -> Encap:
    """What is no tunnel's reads as one from nowhere to nowhere, which nobody asks for."""
    known = number(kind)
    if known not in _ANYWHERE:
        return Encap(4, 0, "0.0.0.0", "0.0.0.0")  # noqa: S104  # no address is bound
    found = attributes(data)
    family: Family = 4 if known == LWTUNNEL_ENCAP_IP else 6
    # LWTUNNEL_IP_* and LWTUNNEL_IP6_* have the same numbers.
    key, destination, source, ttl, flags = (found.get(kind) for kind in (1, 2, 3, 4, 6))
    keyed = be_number(flags) & TUNNEL_KEY
    return Encap(
        family,
        be_number(key) if keyed else 0,
        inet_ntop(_AF[family], source or _ANYWHERE[known]),
        inet_ntop(_AF[family], destination or _ANYWHERE[known]),
        number(ttl) if ttl else 0,
    )


def create(connection: Connection, route: Route) -> None:
    """As `ip route replace`: one of the same table, destination and metric is no longer there afterwards.

    Raises RefusedError, MissingDeviceError.
    """
    fields, attributes = message(route)
    connection.write(rtmsg, _NEW, CREATE | REPLACE, fields, attributes)


def change(connection: Connection, old: Route, new: Route) -> None:
    """In one step, also to another kind. Raises RefusedError, MissingDeviceError."""
    del old  # it has the same key
    create(connection, new)


def delete(connection: Connection, route: Route) -> None:
    """Nothing else than this one. Raises RefusedError.

    To the kernel, metric 0 of IPv4 is any (net/ipv4/fib_semantics.c, fib_nh_match), so the next hops have to be right
    as well. Of IPv6 the metric is always one, and a gateway would mean that single next hop of several
    (net/ipv6/route.c, ip6_route_del).
    """
    row = route.row
    if row.family == 6:
        route = Route(row._replace(nexthops=(), metric=_metric(row)), ())
    try:
        fields, attributes = message(route)
        connection.write(rtmsg, _DELETE, 0, {**fields, "scope": _NOWHERE, "flags": 0}, attributes)
    except MissingDeviceError:
        return  # it has taken its routes along
    except RefusedError as error:
        if error.code not in (errno.ESRCH, errno.ENODEV):
            raise


def _metric(row: RouteRow) -> int:
    return DEFAULT_METRIC[row.family] if row.metric is None else row.metric


def message(route: Route) -> tuple[dict[str, Any], list[tuple[str, Any]]]:
    """Fields and attributes of rtmsg, as `ip` writes them. Raises MissingDeviceError."""
    row = route.row
    address, _, length = row.destination.partition("/")
    fields: dict[str, Any] = {
        "family": _AF[row.family],
        "dst_len": int(length or 0),
        "table": row.table if row.table < 256 else 0,
        "proto": PROTOCOL,
        "scope": _scope(row),
        "type": _TYPES[row.kind],
        "flags": 0,
    }
    attributes: list[tuple[str, Any]] = [] if row.destination == "default" else [("RTA_DST", address)]
    if row.table >= 256:
        attributes.append(("RTA_TABLE", row.table))
    if row.metric is not None:
        attributes.append(("RTA_PRIORITY", row.metric))
    hops = list(zip(row.nexthops, route.onlink, strict=True))
    if len(hops) == 1:
        hop, onlink = hops[0]
        fields["flags"] = _ONLINK if onlink else 0
        attributes += _own(row.family, hop)
        if hop.device is not None:
            attributes.append(("RTA_OIF", index_of(hop.device)))
    elif hops:
        attributes.append(("RTA_MULTIPATH", [_one_of(row.family, *hop) for hop in hops]))
    return fields, attributes


def _scope(row: RouteRow) -> int:
    """That of ip(8), iproute.c, iproute_modify."""
    if row.family == 6:
        return _UNIVERSE
    if row.kind == "local":
        return _HOST
    direct = row.kind == "unicast" and len(row.nexthops) == 1 and row.nexthops[0].gateway is None
    return _LINK if direct else _UNIVERSE


def _own(family: Family, hop: NextHop) -> list[tuple[str, Any]]:
    """All but the device."""
    attributes: list[tuple[str, Any]] = []
    if hop.gateway is not None:
        six = ":" in hop.gateway
        if six == (family == 6):
            attributes.append(("RTA_GATEWAY", hop.gateway))
        else:
            attributes.append(("RTA_VIA", {"family": AF_INET6 if six else AF_INET, "addr": hop.gateway}))
    if hop.encap is not None:
        kind, prefix = (LWTUNNEL_ENCAP_IP, "IP") if hop.encap.family == 4 else (LWTUNNEL_ENCAP_IP6, "IP6")
        values = (
            ("ID", hop.encap.key),
            ("SRC", hop.encap.source),
            ("DST", hop.encap.destination),
            ("FLAGS", TUNNEL_KEY),
            *((("TTL" if hop.encap.family == 4 else "HOPLIMIT", hop.encap.ttl),) if hop.encap.ttl else ()),
        )
        nested = {"attrs": [(f"LWTUNNEL_{prefix}_{name}", value) for name, value in values]}
        attributes += [("RTA_ENCAP", nested), ("RTA_ENCAP_TYPE", kind)]
    return attributes


def _one_of(family: Family, hop: NextHop, onlink: bool) -> dict[str, Any]:
    return {
        "flags": _ONLINK if onlink else 0,
        "hops": hop.weight - 1,
        "oif": 0 if hop.device is None else index_of(hop.device),
        "attrs": _own(family, hop),
    }
