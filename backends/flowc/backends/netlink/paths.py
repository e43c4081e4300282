"""What the kernel does with packets to one address, as `ip route get` asks it (RTM_GETROUTE, linux/rtnetlink.h)."""

from __future__ import annotations

import os
import struct
from collections.abc import Mapping

from flowc.backends.netlink import wire
from flowc.backends.netlink.connection import Connection, RefusedError
from flowc.hoststate.routing import Family
from flowc.ir.addresses import WIDTH
from flowc.verify.observed import PathRead

_GET = 26  # RTM_GETROUTE
_BODY = struct.Struct("=BBBBBBBBI")
"""struct rtmsg: family, dst_len, src_len, tos, table, protocol, scope, type, flags."""
_DST, _SRC, _OIF, _METRICS, _CACHE = 1, 2, 4, 8, 12  # RTA_*
_MTU = 2  # RTAX_MTU
_EXPIRES = struct.Struct("=IIi")
"""The beginning of struct rta_cacheinfo; the third is in USER_HZ."""
_TICKS = os.sysconf("SC_CLK_TCK")


def path(
    connection: Connection, names: Mapping[int, str], family: Family, source: str, destination: str, device: int = 0
) -> PathRead:
    """The way from an own address; `device` is the index of one that it shall leave by, or of a VRF."""
    width = WIDTH[family]
    body = _BODY.pack(wire.NUMBERS[family], width, width, 0, 0, 0, 0, 0, 0)
    body += wire.ip(_DST, family, destination) + wire.ip(_SRC, family, source)
    if device:
        body += wire.u32(_OIF, device)
    try:
        (message,) = connection.ask(_GET, body)
    except RefusedError as error:
        return PathRead(None, None, None, str(error))
    return decoded(message, names)


def decoded(message: bytes, names: Mapping[int, str]) -> PathRead:
    """An answer."""
    own = wire.attributes(message, wire.HEADER + _BODY.size)
    metrics = wire.attributes(own.get(_METRICS, b""))
    expires = _EXPIRES.unpack_from(own[_CACHE])[2] if _CACHE in own else 0
    return PathRead(
        names.get(wire.number(own.get(_OIF))),
        wire.number(metrics.get(_MTU)) or None,
        max(1, expires // _TICKS) if expires > 0 else None,
    )
