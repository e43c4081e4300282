"""What other hosts of the file have: pool addresses that they use, and names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from flowc.ir.addresses import FAMILIES, Family, Range, intersect, merge, subtract
from flowc.ir.network import Host
from flowc.ir.public import public_ranges
from flowc.resolve.scope import NAMED
from flowc.syntax import tree


def with_elsewhere(hosts: Sequence[Host]) -> tuple[Host, ...]:
    """The hosts, each with what of its pools others use, and it does not itself."""
    if len(hosts) < 2:
        return tuple(hosts)
    used = [
        {family: merge(one.range for one in public_ranges(host) if one.family == family) for family in FAMILIES}
        for host in hosts
    ]
    return tuple(
        host.model_copy(update={"elsewhere": _elsewhere(host, mine, [other for other in used if other is not mine])})
        for host, mine in zip(hosts, used, strict=True)
    )


def _elsewhere(
    host: Host, mine: Mapping[Family, Sequence[Range]], others: Iterable[Mapping[Family, Sequence[Range]]]
) -> dict[Family, tuple[Range, ...]]:
    others = list(others)
    result: dict[Family, tuple[Range, ...]] = {}
    for family in FAMILIES:
        pooled = [one.range for pool in host.pools.values() for one in pool.prefixes if one.family == family]
        theirs = subtract((one for other in others for one in other[family]), mine[family])
        result[family] = intersect(theirs, pooled)
    return result


def names_elsewhere(block: tree.Host | None, hosts: Iterable[tree.Host]) -> frozenset[str]:
    """The names that are declared in the blocks of other hosts."""
    return frozenset(name for host in hosts if host is not block for node in host.body for name in _names(node))


def _names(node: tree.Declaration) -> Iterable[str]:
    if isinstance(node, tree.Rows):
        return node.columns["name"] if node.kind is tree.Endpoint else ()
    return (node.name.text,) if isinstance(node, NAMED) else ()
