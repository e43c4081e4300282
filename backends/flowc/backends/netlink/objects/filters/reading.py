"""Filters as they are read: those with flowc's cookie, and what has passed them.

One that an older script made has no cookie: it is flowc's if it is at one of flowc's preferences and as that script wrote
it, to the last word.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping

from flowc.backends.netlink.connection import Connection
from flowc.backends.netlink.messages.act import tca_act
from flowc.backends.netlink.messages.flower import (
    TCA_CLS_FLAGS_IN_HW,
    TCA_CLS_FLAGS_SKIP_HW,
    TCA_CLS_FLAGS_SKIP_SW,
    options,
)
from flowc.backends.netlink.messages.gen_stats import stats2
from flowc.backends.netlink.objects.filters import actions, matching
from flowc.backends.netlink.objects.filters.place import Found, dump
from flowc.backends.netlink.objects.filters.taking import UnsayableError
from flowc.backends.netlink.wire import attributes, named, number, string
from flowc.backends.tc.render import COOKIE
from flowc.hoststate import FlowerFilter
from flowc.hoststate.tc import Hook, Match, Pass, Placement, SetMark
from flowc.hoststate.tc.counted import FilterCounters, Packets
from flowc.lower.shared import FILTER_PREFERENCE, KEY_ZERO_PREFERENCE
from flowc.source import NOWHERE

_BASIC = struct.Struct("=QI")
"""struct gnet_stats_basic of linux/gen_stats.h."""
_NO_KEYS = ("TCA_FLOWER_ACT", "TCA_FLOWER_FLAGS", "TCA_FLOWER_IN_HW_COUNT")

_Actions = list[dict[str, bytes]]


def read(connection: Connection, names: Mapping[int, str], devices: Iterable[str]) -> tuple[FlowerFilter, ...]:
    """Those of these devices; one that does not exist has none. Raises RefusedError."""
    own = (one for device, found in _found(connection, names, devices) if (one := _filter(found, device, names)))
    return tuple(sorted(own, key=lambda one: (one.device, one.hook, one.preference, one.handle, one.chain)))


def counters(
    connection: Connection, names: Mapping[int, str], devices: Iterable[str]
) -> dict[tuple[str, int, int, int], FilterCounters]:
    """Of all flower filters of what comes in by these devices, whoever made them, by device, chain, preference and handle.

    Raises RefusedError.
    """
    return {
        (device, *found.place): _counted(found)
        for device, found in _found(connection, names, devices)
        if found.hook is Hook.INGRESS
    }


def _found(connection: Connection, names: Mapping[int, str], devices: Iterable[str]) -> Iterator[tuple[str, Found]]:
    """A message without a handle only says that there is something of a preference."""
    wanted = set(devices)
    for index, device in names.items():
        for one in dump(connection, index) if device in wanted else ():
            kind = string(one.attributes.get("TCA_KIND", b""))
            if one.place.handle and kind == "flower" and "TCA_OPTIONS" in one.attributes:
                yield device, one


def _flower(found: Found) -> tuple[dict[str, bytes], _Actions]:
    flower = named(options, found.attributes["TCA_OPTIONS"])
    return flower, [named(tca_act, one) for one in attributes(flower.get("TCA_FLOWER_ACT", b"")).values()]


def _filter(found: Found, device: str, names: Mapping[int, str]) -> FlowerFilter | None:
    """None if it is not flowc's. One that has its cookie but another shape reads as one that nobody asks for."""
    flower, each = _flower(found)
    cookies = {one.get("TCA_ACT_COOKIE") for one in each}
    if COOKIE not in cookies and cookies - {None}:
        return None
    keys = {name: value for name, value in flower.items() if name not in _NO_KEYS}
    try:
        match = matching.read(keys, found.protocol)
        does = tuple(
            actions.read(string(one.get("TCA_ACT_KIND", b"")), one.get("TCA_ACT_OPTIONS", b""), names) for one in each
        )
    except UnsayableError:
        match, does = Match(), ()
    one = FlowerFilter(
        device=device,
        preference=found.place.preference,
        handle=found.place.handle,
        protocol=found.protocol,
        match=match,
        actions=does,
        span=NOWHERE,
        chain=found.place.chain,
        placement=_placement(number(flower.get("TCA_FLOWER_FLAGS"))),
        hook=found.hook,
    )
    return one if COOKIE in cookies or _older(one) else None


def _placement(flags: int) -> Placement:
    if flags & TCA_CLS_FLAGS_SKIP_HW:
        return Placement.SOFTWARE
    return Placement.HARDWARE if flags & TCA_CLS_FLAGS_SKIP_SW else Placement.BOTH


def _older(one: FlowerFilter) -> bool:
    match = one.match
    wanted = Match(match.key, match.outer_source, match.outer_destination)
    place = (one.hook, one.protocol, one.chain, one.preference, one.handle, one.placement)
    ours = (FILTER_PREFERENCE, match.key) if match.key else (KEY_ZERO_PREFERENCE, 1)
    return (
        place == (Hook.INGRESS, "all", 0, *ours, Placement.SOFTWARE)
        and match == wanted
        and None not in (match.key, match.outer_source, match.outer_destination)
        and [type(action) for action in one.actions] == [SetMark, Pass]
    )


def _counted(found: Found) -> FilterCounters:
    flower, each = _flower(found)
    first = each[0] if each else {}
    stats = named(stats2, first.get("TCA_ACT_STATS", b""))
    return FilterCounters(
        total=_packets(stats.get("TCA_STATS_BASIC"), stats.get("TCA_STATS_PKT64")),
        hardware=_packets(stats.get("TCA_STATS_BASIC_HW")),
        in_hardware=bool(number(flower.get("TCA_FLOWER_FLAGS")) & TCA_CLS_FLAGS_IN_HW),
        hardware_counts=any(number(one.get("TCA_ACT_USED_HW_STATS", b"")[:4]) for one in each),
    )


def _packets(basic: bytes | None, more: bytes | None = None) -> Packets:
    """The 64 bits of a number that no longer fits into 32 stand by themselves (net/core/gen_stats.c)."""
    if basic is None:
        return Packets(0, 0)
    octets, packets = _BASIC.unpack_from(basic)
    return Packets(packets if more is None else number(more), octets)
