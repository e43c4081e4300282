"""The addresses that a host's declarations begin and end with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from flowc.ir.addresses import WIDTH, AddressSet, Family
from flowc.ir.network import Host
from flowc.ir.public import public_ranges


def own_of(host: Host, family: Family, *, main: bool = False) -> Iterator[int]:
    """The host's own addresses, or those that it has in no VRF."""
    for one in host.interfaces.values():
        if main and one.vrf is not None:
            continue
        yield from (int(own.ip) for own in one.addresses if own.version == family)


def public_of(host: Host, family: Family) -> Iterator[int]:
    """Public addresses, and those beside them."""
    ranges = [one.range for one in public_ranges(host) if one.family == family]
    ranges += [prefix.range for pool in host.pools.values() for prefix in pool.prefixes if prefix.family == family]
    yield from (edge for low, high in ranges for edge in (low, high, low, high, low - 1, high + 1))


def translated(host: Host, family: Family) -> Iterator[int]:
    """The ends of what leaves as a prefix of EIPs, often, and those beside it."""
    for row in host.prefix_eips:
        if row.family == family:
            low, high = row.target_prefix.range
            yield from (low, high, low, high, low - 1, high + 1)


def networks(host: Host, family: Family) -> Iterator[int]:
    """A machine on each network, and at the edges of each route."""
    for one in host.interfaces.values():
        yield from (prefix.network + 11 for prefix in one.prefixes if prefix.family == family and prefix.length < 124)
    for of, network, length in zip(*map(host.routes.column, ("family", "network", "length")), strict=True):
        size = 1 << (WIDTH[of] - length)
        if of == family and length:
            yield from (network, network + size - 1, network + size)


def edges(sets: Iterable[AddressSet | None], family: Family) -> Iterator[int]:
    for one in sets:
        for low, high in () if one is None else one.ranges(family):
            yield from (low, high, low - 1, high + 1)


def meant(said: AddressSet | None, ends: Sequence[int]) -> int | None:
    """One of the ends of a set that is in it, or beside it if it is negated."""
    return None if said is None or not ends else ends[2 if said.negated else 0]
