"""Port forwards as elements of sets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flowc.ir.addresses import Family, Range, subtract
from flowc.ir.rows import ForwardRow
from flowc.lower.topology import Topology

PORT = "meta l4proto . th dport"
SOURCE_PORT = "meta l4proto . th sport"


def by_place(row: ForwardRow) -> tuple[int, int, str, int]:
    """The order of port forwards: by public address, protocol and port."""
    return row.family, row.public, row.protocol or "", row.low


def ports_text(low: int, high: int) -> str:
    """`80` or `20000-29999`."""
    return str(low) if low == high else f"{low}-{high}"


def front_sources(topology: Topology) -> list[tuple[ForwardRow, Range]]:
    """Forwards at a front with the ports of their targets, each port once.

    What a target sends from such a port leaves by the forward that leads to it: the first one, where there are several.
    Not of targets with an EIP at a front, which leave by that, or of those that a whole address is forwarded to.
    """
    fronts = topology.fronts
    mine = (row for row in topology.host.forwards if row.protocol and row.zone in fronts.zones)
    others = fronts.owners | fronts.listeners
    return list(_disjoint(row for row in sorted(mine, key=by_place) if (row.vrf, row.family, row.target) not in others))


def _disjoint(rows: Iterable[ForwardRow]) -> Iterator[tuple[ForwardRow, Range]]:
    taken: dict[tuple[str | None, Family, int, str | None], list[Range]] = {}
    for row in rows:
        found = taken.setdefault((row.vrf, row.family, row.target, row.protocol), [])
        ports = Range(row.target_low, row.target_low + row.high - row.low)
        for rest in subtract([ports], found):
            yield row, rest
        found.append(ports)
