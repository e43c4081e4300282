"""What leads out of each interface: its own networks, and the routes of any table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from flowc.ir.addresses import Family, Prefix
from flowc.ir.network import Host
from flowc.ir.prefixes import PrefixMap


class Outward(NamedTuple):
    """A network of an interface, or a route out of it."""

    length: int
    gateway: int | None
    """None: who is addressed is a neighbour."""
    pinned: bool
    """For some sources only."""


class Outwards:
    """Answers for many addresses, by one look for each prefix length."""

    def __init__(self, host: Host) -> None:
        found: dict[str, list[tuple[Prefix, Outward]]] = {}
        for interface in host.interfaces.values():
            own = found.setdefault(interface.name, [])
            own += ((prefix, Outward(prefix.length, None, False)) for prefix in interface.prefixes)
        columns = map(host.routes.column, ("family", "network", "length", "nexthops", "source"))
        for family, network, length, nexthops, source in zip(*columns, strict=True):
            for gateway, name, _ in nexthops:
                found[name].append((Prefix(family, network, length), Outward(length, gateway, source is not None)))
        self._maps = {name: PrefixMap(items) for name, items in found.items()}

    def to(self, interface: str, family: Family, address: int) -> Iterator[Outward]:
        """Those that hold an address, the longest first."""
        return self._maps[interface].covering(family, address)
