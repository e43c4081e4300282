"""What verifying needs to know of a running host, beside its facts and what differs from the file. Nothing is written."""

from __future__ import annotations

import time
from collections.abc import Collection

from flowc.backends.netlink.connection import NETFILTER, Connection, RefusedError
from flowc.backends.netlink.conntrack import tracked
from flowc.backends.netlink.objects import addresses, links
from flowc.backends.netlink.paths import path
from flowc.backends.nft import live as nft
from flowc.ir.addresses import format_address
from flowc.ir.network import Host
from flowc.verify.observed import Observed, PathRead, Sample
from flowc.verify.tunnels import leaves_from, ways


def observe(connection: Connection, host: Host, flowtable: Collection[str], seconds: float) -> Observed:
    """In the namespace of this thread, within a little more than that many seconds. Raises RefusedError and OSError."""
    unread: list[str] = []
    names = links.names(connection)
    before = _sample(unread)
    paths = _paths(connection, names, host)
    own = addresses.everybodys(connection, names)
    if before.entries:
        time.sleep(max(0.0, before.at + seconds - time.monotonic()))
    after = _sample(unread) if before.entries else before
    return Observed(before, after, frozenset(flowtable), tuple(own), paths, tuple(dict.fromkeys(unread)))


def _sample(unread: list[str]) -> Sample:
    try:
        with Connection(NETFILTER) as connection:
            entries = tuple(tracked(connection))
    except RefusedError as error:
        unread.append(f"connections cannot be read: {error}")
        entries = ()
    try:
        counted = nft.forwarded()
    except RefusedError as error:
        unread.append(f"the counter of the forward chain cannot be read: {error}")
        counted = None
    return Sample(time.monotonic(), entries, counted)


def _paths(connection: Connection, names: dict[int, str], host: Host) -> dict[str, PathRead]:
    indexes = {name: index for index, name in names.items()}
    found = {}
    for interface, family, local, remote in ways(host):
        below = leaves_from(host, interface)
        over = host.vrfs[below.vrf].device if below is not None and below.vrf else ""
        source, destination = format_address(family, local), format_address(family, remote)
        found[interface.name] = path(connection, names, family, source, destination, indexes.get(over, 0))
    return found
