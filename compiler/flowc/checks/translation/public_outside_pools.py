"""Public addresses of port forwards and source translation that the file says nothing of."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import NamedTuple

from flowc.analysis.everywhere import everywhere
from flowc.checks.base import NetworkCheck
from flowc.checks.few import first_few
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.addresses import FAMILIES, Family, Prefix, Range, format_address, holds, merge, subtract
from flowc.ir.network import Host, Network
from flowc.ir.zones import Pool
from flowc.source import Span

CODE = register(
    "FC329",
    "public-address-outside-pools",
    Severity.WARNING,
    "The zone that a port forward is reached from, or that `snat` leaves to, has pools for the address's family, and the "
    "address is in none of them: mostly a mistyped digit. Addresses of the host's own, of the networks of its interfaces and "
    "of its routes are not reported, and none at a zone with an interface that gets its addresses elsewhere.",
)


class _Finding(NamedTuple):
    family: Family
    address: int
    span: Span
    zone: str
    pools: tuple[Pool, ...]


def run(network: Network, diagnostics: Diagnostics) -> None:
    """Report the first few."""
    for found, notes in first_few(everywhere(network, _look)):
        address = format_address(found.family, found.address)
        declared = ", ".join(f"`{one.name}` {_prefixes(one, found.family)}" for one in found.pools)
        diagnostics.report(
            CODE,
            f"`{address}` is in no pool, on no network of this host and not its own address",
            found.span,
            related=[(one.span, f"zone `{found.zone}` has this pool") for one in found.pools[:1]],
            notes=notes,
            help=f"pools of zone `{found.zone}`: {declared}; for other addresses declare one: `pool NAME {address} at {found.zone}`",
        )


def _prefixes(pool: Pool, family: Family) -> str:
    return ", ".join(str(prefix) for prefix in pool.prefixes if prefix.family == family)


def _look(host: Host) -> Iterator[tuple[Hashable, _Finding | None]]:
    """Where a zone has no pool of the family, nothing is expected of its addresses."""
    pools: dict[tuple[str, Family], dict[str, Pool]] = {}
    for pool in host.pools.values():
        for prefix in pool.prefixes:
            pools.setdefault((pool.zone, prefix.family), {})[pool.name] = pool
    pools = {place: found for place, found in pools.items() if _says_all(host, place[0])}
    known = _known(host) if pools else {}
    for zone, family, public, span in _public(host) if pools else ():
        declared = pools.get((zone, family))
        if declared:
            outside = () if holds(known[family], (public,)) else subtract((public,), known[family])
            found = _Finding(family, outside[0].low, span, zone, tuple(declared.values())) if outside else None
            yield (span, public.low), found


def _public(host: Host) -> Iterator[tuple[str, Family, Range, Span]]:
    """EIPs have to be in a pool, or are errors."""
    for zone, family, public, span in zip(
        *map(host.forwards.column, ("zone", "family", "public", "span")), strict=True
    ):
        yield zone, family, Range(public, public), span
    for nat in host.nats:
        for snat in nat.snats:
            yield nat.target, snat.family, snat.to, snat.span


def _says_all(host: Host, zone: str) -> bool:
    members = [host.interfaces[name] for name in host.zones[zone].interfaces]
    return all(one.addresses and not one.dhcp for one in members)


def _known(host: Host) -> dict[Family, tuple[Range, ...]]:
    """All that the file says something of, but for what default routes lead to."""
    prefixes = [prefix for pool in host.pools.values() for prefix in pool.prefixes]
    prefixes += [prefix for one in host.interfaces.values() for prefix in one.prefixes]
    columns = map(host.routes.column, ("family", "network", "length"))
    prefixes += [Prefix(*route) for route in zip(*columns, strict=True) if route[2] > 1]
    return {family: merge(one.range for one in prefixes if one.family == family) for family in FAMILIES}


_HOST = """
interface lan { device eth1; address 10.0.0.1/24 }
interface wan { device eth0; address 192.0.2.1/24 }
route default via 192.0.2.254
zone inside { interface lan }
zone internet { interface wan }
pool public 203.0.113.0/28 at internet
policy inside -> self { accept tcp 22 }
policy inside -> internet { accept }
"""

CHECK = NetworkCheck(
    CODE,
    run,
    bad=_HOST + "nat inside -> internet { snat 10.0.0.0/24 -> 203.0.131.5 }\n",
    good=_HOST + "nat inside -> internet { snat 10.0.0.0/24 -> 203.0.113.5 }\n",
)
