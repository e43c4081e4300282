"""Routes that the kernel keeps beside its tables: a flow of a flowtable has two, and ends when they do not hold any more
(`nf_flow_dst_check` in net/netfilter/nf_flow_table_ip.c).
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from flowc.backends.netlink.connection import Connection
from flowc.backends.netlink.objects import addresses
from flowc.hoststate import AddressRow
from flowc.ir.addresses import Family
from flowc.source import NOWHERE

_FLUSH = Path("/proc/sys/net/ipv4/route/flush")
"""Of the network namespace of the calling thread; not there in one of an unprivileged user."""
_NOBODYS = AddressRow(6, "100::f10c/128", "lo", NOWHERE)
"""Of the network that leads nowhere (RFC 6666). It has flowc's mark, so that one that stays behind is removed."""


def outdate(connection: Connection, families: Collection[Family]) -> None:
    """All of a namespace's, of these families: they are looked up again. Raises RefusedError, OSError.

    Of IPv4 a setting does it, of IPv6 an address that goes, whichever it is (`__ipv6_ifa_notify` in net/ipv6/addrconf.c).
    """
    if 4 in families:
        with suppress(FileNotFoundError):
            _FLUSH.write_text("1")
    if 6 in families:
        addresses.create(connection, _NOBODYS)
        addresses.delete(connection, _NOBODYS)
