"""Connections that a policy does not admit any more: conntrack lets what is established pass, and a flowtable never asks."""

from __future__ import annotations

from collections.abc import Collection

from flowc.backends.netlink.cached import outdate
from flowc.backends.netlink.connection import NETFILTER, Connection
from flowc.backends.netlink.conntrack import cut, set_mark, tracked
from flowc.backends.netlink.objects import addresses, links
from flowc.cut.judge import judged
from flowc.cut.model import Judged
from flowc.hoststate.marks import OFFLOAD_MARK
from flowc.hoststate.tracked import Tracked
from flowc.ir.network import Host


def cut_forbidden(connection: Connection, host: Host) -> Judged:
    """Cut them, and let those that are admitted but no longer to be offloaded leave the fast path.

    Raises RefusedError and OSError.
    """
    with Connection(NETFILTER) as netfilter:
        entries = tracked(netfilter)
        if not entries:
            return Judged((), ())
        found = judged(host, entries, addresses.everybodys(connection, links.names(connection)))
        for one in found.cuts:
            cut(netfilter, one.entry)
        release(connection, netfilter, found.released)
    return found


def release(connection: Connection, netfilter: Connection, entries: Collection[Tracked]) -> None:
    """Make connections leave the flowtable, and pass the rules from now on. Raises RefusedError, OSError.

    The bit of the mark keeps the forward chain from adding them again. Their flows end with the routes that they have,
    and with these all flows of the family: those that are still to be carried are added again by their next packet.
    """
    for entry in entries:
        set_mark(netfilter, entry, 0, OFFLOAD_MARK)
    outdate(connection, {entry.family for entry in entries})
