"""Filters as they are written."""

from __future__ import annotations

import errno
from typing import Any

from flowc.backends.netlink.connection import CREATE, Connection, MissingDeviceError, RefusedError
from flowc.backends.netlink.messages.flower import TCA_CLS_FLAGS_SKIP_HW, TCA_CLS_FLAGS_SKIP_SW, tcmsg
from flowc.backends.netlink.objects.filters import actions, matching, place
from flowc.backends.netlink.packing import packed
from flowc.backends.tc.render import COOKIE
from flowc.hoststate import FlowerFilter
from flowc.hoststate.tc import Action, Placement

_NEW, _DELETE = 44, 45  # RTM_*TFILTER
_FLAGS = {
    Placement.SOFTWARE: TCA_CLS_FLAGS_SKIP_HW,
    Placement.HARDWARE: TCA_CLS_FLAGS_SKIP_SW,
    Placement.BOTH: 0,
}


def create(connection: Connection, one: FlowerFilter) -> None:
    """As `tc filter replace`. Raises RefusedError, MissingDeviceError."""
    connection.send(_NEW, CREATE, packed(tcmsg, *message(one)))


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
        fields, attributes = place.of(one)
    except MissingDeviceError:
        return
    try:
        connection.send(_DELETE, 0, packed(tcmsg, fields, attributes))
    except RefusedError as error:
        # EINVAL: there is no qdisc or no chain any more.
        gone = error.code in (errno.ENOENT, errno.ENODEV)
        if not gone and (error.code != errno.EINVAL or _is_there(connection, one, fields["index"])):
            raise


def _is_there(connection: Connection, one: FlowerFilter, device: int) -> bool:
    return (one.chain, one.preference, one.handle) in {found.place for found in place.dump(connection, device)}


def message(one: FlowerFilter) -> tuple[dict[str, int], list[tuple[str, Any]]]:
    """Fields and attributes of tcmsg: what flowc/backends/tc/render.py writes. Raises MissingDeviceError."""
    fields, attributes = place.of(one)
    last = len(one.actions)
    does = [
        (f"TCA_ACT_PRIO_{number}", _action(action, last=number == last)) for number, action in enumerate(one.actions, 1)
    ]
    flower = matching.write(one.match, one.protocol)
    flower += [("TCA_FLOWER_FLAGS", _FLAGS[one.placement]), ("TCA_FLOWER_ACT", {"attrs": does})]
    return fields, [*attributes, ("TCA_OPTIONS", {"attrs": flower})]


def _action(action: Action, *, last: bool) -> dict[str, Any]:
    kind, options = actions.write(action)
    cookie = [("TCA_ACT_COOKIE", COOKIE)] if last else []
    return {"attrs": [("TCA_ACT_KIND", kind), *cookie, ("TCA_ACT_OPTIONS", {"attrs": options})]}
