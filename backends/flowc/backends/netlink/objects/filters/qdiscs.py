"""The clsact qdiscs that filters hang from."""

from __future__ import annotations

import errno

from flowc.backends.netlink.connection import CREATE, Connection, MissingDeviceError, RefusedError
from flowc.backends.netlink.messages.flower import tcmsg
from flowc.backends.netlink.objects.devices import index_of
from flowc.backends.netlink.objects.filters.place import dump
from flowc.delta.filters import Clsact

_NEW, _DELETE = 36, 37  # RTM_*QDISC
_CLSACT, _HANDLE = 0xFFFFFFF1, 0xFFFF0000


def create_qdisc(connection: Connection, clsact: Clsact) -> None:
    """One that is there stays, with all filters. Raises RefusedError, MissingDeviceError."""
    connection.write(tcmsg, _NEW, CREATE, _fields(clsact), [("TCA_KIND", "clsact")])


def delete_qdisc(connection: Connection, clsact: Clsact) -> None:
    """Unless there is a filter of anybody. Raises RefusedError."""
    try:
        fields = _fields(clsact)
        if not dump(connection, fields["index"]):
            connection.write(tcmsg, _DELETE, 0, fields, [("TCA_KIND", "clsact")])
    except MissingDeviceError:
        return
    except RefusedError as error:
        # EINVAL: what is there is no clsact (net/sched/sch_api.c, tc_get_qdisc).
        if error.code not in (errno.ENOENT, errno.ENODEV, errno.EINVAL):
            raise


def _fields(clsact: Clsact) -> dict[str, int]:
    return {"index": index_of(clsact.device), "handle": _HANDLE, "parent": _CLSACT}
