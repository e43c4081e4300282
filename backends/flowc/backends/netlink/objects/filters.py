"""Flower filters on the clsact ingress of devices, those with flowc's cookie, and the qdiscs that they hang from.

One that an older script made has no cookie: it is flowc's if it is at one of flowc's preferences and as that script wrote
it, to the last word.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Iterable, Mapping
from socket import AF_INET, AF_INET6, htons, inet_ntop, ntohs
from typing import Any

from flowc.backends.netlink.connection import CREATE, Connection, MissingDeviceError, RefusedError
from flowc.backends.netlink.messages.act import TC_ACT_OK, TC_ACT_PIPE
from flowc.backends.netlink.messages.flower import TCA_CLS_FLAGS_SKIP_HW, tcmsg
from flowc.backends.netlink.objects.devices import index_of
from flowc.backends.netlink.wire import HEADER, attributes, number, string
from flowc.backends.tc.render import COOKIE
from flowc.delta.filters import Clsact
from flowc.hoststate import FlowerFilter
from flowc.hoststate.tc import WORD, Match, Pass, SetMark
from flowc.lower.shared import FILTER_PREFERENCE, KEY_ZERO_PREFERENCE
from flowc.source import NOWHERE

_NEW_QDISC, _DELETE_QDISC = 36, 37  # RTM_*QDISC
_NEW, _DELETE, _GET = 44, 45, 46  # RTM_*TFILTER
_MESSAGE = struct.Struct("=BxxxiIII")
"""struct tcmsg of linux/rtnetlink.h."""
_CLSACT, _CLSACT_HANDLE = 0xFFFFFFF1, 0xFFFF0000
_INGRESS, _EGRESS = 0xFFFFFFF2, 0xFFFFFFF3  # TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_*)
_PROTOCOLS = {0x0003: "all", 0x0800: "ip", 0x86DD: "ipv6"}  # linux/if_ether.h
_ETHERTYPES = {name: value for value, name in _PROTOCOLS.items()}
_KIND, _OPTIONS, _CHAIN = 1, 2, 11  # TCA_*
_ACTIONS, _FLAGS, _KEY, _IN_HW_COUNT = 3, 22, 26, 86  # TCA_FLOWER_*
_OUTER4, _OUTER6 = (27, 29), (31, 33)  # TCA_FLOWER_KEY_ENC_IPV4_SRC, ..._DST, and of IPv6; each one's mask comes next
_ACT_KIND, _ACT_OPTIONS, _ACT_COOKIE = 1, 2, 6  # TCA_ACT_*
_PARAMETERS, _MARK, _MARK_MASK, _SKBEDIT_OTHER = 2, 5, 8, (3, 4, 7, 9)  # TCA_SKBEDIT_*; TCA_GACT_PARMS is 2 as well
_GONE = (errno.ENOENT, errno.ENODEV, errno.EINVAL)


def read(connection: Connection, names: Mapping[int, str], devices: Iterable[str]) -> tuple[FlowerFilter, ...]:
    """Those of these devices; one that does not exist has none. Raises RefusedError."""
    wanted = set(devices)
    found = [
        one
        for number_, device in names.items()
        if device in wanted
        for message in _dump(connection, number_, _INGRESS)
        if (one := _filter(message, device)) is not None
    ]
    return tuple(sorted(found, key=lambda one: (one.device, one.preference, one.handle, one.chain)))


def _dump(connection: Connection, device: int, parent: int) -> list[bytes]:
    return connection.dump(_GET, _MESSAGE.pack(0, device, 0, parent, 0))


def _filter(message: bytes, device: str) -> FlowerFilter | None:
    """None if it is not flowc's. One that has its cookie but another shape reads as one that nobody asks for."""
    _, _, handle, _, info = _MESSAGE.unpack_from(message, HEADER)
    found = attributes(message, HEADER + _MESSAGE.size)
    if not handle or string(found.get(_KIND, b"")) != "flower" or _OPTIONS not in found:
        return None
    flower = attributes(found[_OPTIONS])
    actions = [attributes(one) for one in attributes(flower.get(_ACTIONS, b"")).values()]
    addresses, known = _outer(flower)
    known = known and _KEY in flower
    mark = _marked(actions)
    one = FlowerFilter(
        device=device,
        preference=info >> 16,
        handle=handle,
        protocol=_PROTOCOLS.get(ntohs(info & 0xFFFF), f"{ntohs(info & 0xFFFF):#06x}"),
        match=Match(int.from_bytes(flower[_KEY], "big"), *addresses) if known else Match(),
        actions=(mark, Pass()) if known and mark else (),
        span=NOWHERE,
        chain=number(found[_CHAIN]) if _CHAIN in found else 0,
    )
    cookies = {one.get(_ACT_COOKIE) for one in actions}
    return one if COOKIE in cookies or (not cookies - {None} and _older(one)) else None


def _older(one: FlowerFilter) -> bool:
    place = (one.protocol, one.chain, one.preference, one.handle)
    key = one.match.key
    ours = (FILTER_PREFERENCE, key) if key else (KEY_ZERO_PREFERENCE, 1)
    return place == ("all", 0, *ours) and bool(one.actions)


def _outer(flower: Mapping[int, bytes]) -> tuple[tuple[str, str], bool]:
    """Outer source and destination, and if the filter looks at these and at the key alone, and not in hardware."""
    family, kinds = (AF_INET6, _OUTER6) if flower.keys() & {*_OUTER6} else (AF_INET, _OUTER4)
    length = 16 if family == AF_INET6 else 4
    source, destination = (inet_ntop(family, flower.get(kind, bytes(length))) for kind in kinds)
    full = all(flower.get(kind + 1) == b"\xff" * length for kind in kinds)
    looked_at = flower.keys() - {_ACTIONS, _FLAGS, _KEY, _IN_HW_COUNT, *kinds, *(kind + 1 for kind in kinds)}
    software = bool(_FLAGS in flower and number(flower[_FLAGS]) & TCA_CLS_FLAGS_SKIP_HW)
    return (source, destination), full and software and not looked_at


def _marked(actions: list[dict[int, bytes]]) -> SetMark | None:
    """Of a filter that sets one and lets the packet pass, and does nothing else."""
    if [string(one.get(_ACT_KIND, b"")) for one in actions] != ["skbedit", "gact"]:
        return None
    edit, done = (attributes(one.get(_ACT_OPTIONS, b"")) for one in actions)
    if (
        _verdict(edit) != TC_ACT_PIPE
        or _verdict(done) != TC_ACT_OK
        or _MARK not in edit
        or edit.keys() & _SKBEDIT_OTHER
    ):
        return None
    return SetMark(number(edit[_MARK]), number(edit[_MARK_MASK]) if _MARK_MASK in edit else WORD)


def _verdict(options: Mapping[int, bytes]) -> int | None:
    """`action` of tc_gen (linux/pkt_cls.h)."""
    return int(struct.unpack_from("=i", options[_PARAMETERS], 8)[0]) if _PARAMETERS in options else None


def create(connection: Connection, one: FlowerFilter) -> None:
    """As `tc filter replace`. Raises RefusedError, MissingDeviceError."""
    fields, attributes = message(one)
    connection.write(tcmsg, _NEW, CREATE, fields, attributes)


def change(connection: Connection, old: FlowerFilter, new: FlowerFilter) -> None:
    """In place. One that looks at other parts of a packet can only be made anew (net/sched/cls_flower.c,
    fl_check_assign_mask). Raises RefusedError, MissingDeviceError.
    """
    if old.protocol == new.protocol:
        try:
            create(connection, new)
        except RefusedError as error:
            if error.code != errno.EINVAL:
                raise
        else:
            return
    delete(connection, old)
    create(connection, new)


def delete(connection: Connection, one: FlowerFilter) -> None:
    """Raises RefusedError."""
    try:
        fields, attributes = _place(one)
    except MissingDeviceError:
        return
    try:
        connection.write(tcmsg, _DELETE, 0, fields, attributes)
    except RefusedError as error:
        # EINVAL: there is no qdisc or no chain any more.
        if error.code not in _GONE or (error.code == errno.EINVAL and _there(connection, fields)):
            raise


def _there(connection: Connection, fields: Mapping[str, int]) -> bool:
    handles = (_MESSAGE.unpack_from(found, HEADER)[2] for found in _dump(connection, fields["index"], _INGRESS))
    return fields["handle"] in handles


def create_qdisc(connection: Connection, clsact: Clsact) -> None:
    """One that is there stays, with all filters. Raises RefusedError, MissingDeviceError."""
    connection.write(tcmsg, _NEW_QDISC, CREATE, _qdisc(clsact), [("TCA_KIND", "clsact")])


def delete_qdisc(connection: Connection, clsact: Clsact) -> None:
    """Unless there is a filter of anybody. Raises RefusedError."""
    try:
        fields = _qdisc(clsact)
        if not any(_dump(connection, fields["index"], parent) for parent in (_INGRESS, _EGRESS)):
            connection.write(tcmsg, _DELETE_QDISC, 0, fields, [("TCA_KIND", "clsact")])
    except MissingDeviceError:
        return
    except RefusedError as error:
        # EINVAL: what is there is no clsact (net/sched/sch_api.c, tc_get_qdisc).
        if error.code not in _GONE:
            raise


def _qdisc(clsact: Clsact) -> dict[str, int]:
    return {"index": index_of(clsact.device), "handle": _CLSACT_HANDLE, "parent": _CLSACT}


def _place(one: FlowerFilter) -> tuple[dict[str, int], list[tuple[str, Any]]]:
    fields = {
        "index": index_of(one.device),
        "handle": one.handle,
        "parent": _INGRESS,
        "info": one.preference << 16 | htons(_ETHERTYPES[one.protocol]),
    }
    return fields, [("TCA_KIND", "flower"), ("TCA_CHAIN", one.chain)]


def message(one: FlowerFilter) -> tuple[dict[str, int], list[tuple[str, Any]]]:
    """Fields and attributes of tcmsg: what flowc/backends/tc/render.py writes. Raises MissingDeviceError."""
    fields, attributes = _place(one)
    mark, match = one.actions[0], one.match
    assert isinstance(mark, SetMark)
    assert match.outer_source is not None
    family, full = (
        ("IPV6", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")
        if ":" in match.outer_source
        else ("IPV4", "255.255.255.255")
    )
    edit: list[tuple[str, Any]] = [("TCA_SKBEDIT_PARMS", {"action": TC_ACT_PIPE}), ("TCA_SKBEDIT_MARK", mark.value)]
    edit += [("TCA_SKBEDIT_MASK", mark.mask)] if mark.mask != WORD else []
    actions = [
        ("TCA_ACT_PRIO_1", _action("skbedit", edit)),
        ("TCA_ACT_PRIO_2", _action("gact", [("TCA_GACT_PARMS", {"action": TC_ACT_OK})], ("TCA_ACT_COOKIE", COOKIE))),
    ]
    flower: list[tuple[str, Any]] = [("TCA_FLOWER_KEY_ENC_KEY_ID", match.key)]
    for side, address in (("SRC", match.outer_source), ("DST", match.outer_destination)):
        name = f"TCA_FLOWER_KEY_ENC_{family}_{side}"
        flower += [(name, address), (f"{name}_MASK", full)]
    flower += [("TCA_FLOWER_FLAGS", TCA_CLS_FLAGS_SKIP_HW), ("TCA_FLOWER_ACT", {"attrs": actions})]
    return fields, [*attributes, ("TCA_OPTIONS", {"attrs": flower})]


def _action(kind: str, options: list[tuple[str, Any]], *more: tuple[str, Any]) -> dict[str, Any]:
    return {"attrs": [("TCA_ACT_KIND", kind), *more, ("TCA_ACT_OPTIONS", {"attrs": options})]}
