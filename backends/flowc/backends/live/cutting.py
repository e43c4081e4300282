"""Connections that a policy does not admit any more: conntrack lets what is established pass, and a flowtable never asks."""

from __future__ import annotations

from flowc.backends.netlink.connection import NETFILTER, Connection
from flowc.backends.netlink.conntrack import cut, release, tracked
from flowc.backends.netlink.objects import addresses, links
from flowc.cut.judge import judged
from flowc.cut.model import Judged
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
        if found.released:
            release(netfilter, found.released)
    return found
