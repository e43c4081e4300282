"""Whether the MAC addresses are known of the machines that the host hands packets to.

An entry is of use in the states that the kernel calls valid (NUD_VALID in net/core/neighbour.h): permanent, reachable,
stale, delay and probe. A flow to any other is not offloaded by a NIC, nor by newer kernels at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from flowc.facts import Index, Neighbor
from flowc.ir.addresses import FAMILIES, Family, format_address
from flowc.ir.gaps import all_gaps
from flowc.ir.links import Tunnel
from flowc.ir.neighbors import Hop, Neighbors, has_neighbors
from flowc.ir.network import Host
from flowc.ir.stack import Stack
from flowc.source import Span
from flowc.verify.model import Part, Row, State

_VALID = frozenset({"permanent", "reachable", "stale", "delay", "probe"})

_GONE = "its entry is gone"

SILENT = frozenset({"incomplete", "failed"})
"""It was asked, and has not answered (yet)."""

_CROWDED = 128
"""Neighbours of a family with which the kernel begins to take those away that failed, managed ones too: its
net.ipv4.neigh.default.gc_thresh1, which is to be read in the first network namespace only (`neigh_periodic_work` in
net/core/neighbour.c).
"""


class Needed(NamedTuple):
    """What a machine is to the file."""

    what: str
    span: Span
    fixed: bool
    """The file says its MAC address."""
    managed: bool
    """The kernel keeps it resolved, without traffic."""


def needed(host: Host) -> Mapping[Hop, Needed]:
    """Each machine on a link once: what is declared, next hops, tunnels' ends, and what offloaded flows lead to."""
    found: dict[Hop, Needed] = {}
    for hop, one in _all(host):
        if has_neighbors(host.interfaces[hop.interface]):
            known = found.setdefault(hop, one)
            if known is not one and (one.fixed or one.managed) and not (known.fixed or known.managed):
                found[hop] = known._replace(fixed=one.fixed, managed=one.managed)
    return found


def _all(host: Host) -> Iterator[tuple[Hop, Needed]]:
    columns = map(host.neighbors.column, ("interface", "family", "address", "mac", "span"))
    for interface, family, address, mac, span in zip(*columns, strict=True):
        yield Hop(interface, family, address), Needed("neighbour", span, mac is not None, mac is None)
    for family in FAMILIES:
        columns = map(host.endpoints.column, ("interface", f"v{family}", "mac", "name", "span"))
        for interface, address, mac, name, span in zip(*columns, strict=True):
            if address is not None and mac is not None:
                yield Hop(interface, family, address), Needed(f"endpoint {name}", span, fixed=True, managed=False)
    for of, nexthops, span in zip(*map(host.routes.column, ("family", "nexthops", "span")), strict=True):
        for gateway, interface, _ in nexthops:
            if gateway is not None:
                yield Hop(interface, of, gateway), Needed("next hop", span, fixed=False, managed=False)
    yield from _ends(host)
    for _, gap in all_gaps(host):
        yield gap.hop, Needed(gap.role.value, gap.span, fixed=False, managed=False)


def _ends(host: Host) -> Iterator[tuple[Hop, Needed]]:
    """Whom packets of tunnels are handed to."""
    stack, neighbors = host.derived(Stack), host.derived(Neighbors)
    for one in host.interfaces.values():
        ends = host.outer_ends(one)
        if ends is None:
            continue
        link = (host.interfaces[one.carrier] if one.carrier else one).link
        assert isinstance(link, Tunnel)
        below = stack.underlay(link)
        family, _, remote = ends
        for hop in neighbors.hops(below.vrf if below else None, family, remote):
            yield hop, Needed(f"next hop of tunnel {one.name}", one.span, fixed=False, managed=False)


def neighbors(host: Host, index: Index) -> Iterator[Row]:
    """A row for each."""
    there = Counter(family for _, family, _ in index.neighbors)
    for hop, one in needed(host).items():
        device = host.interfaces[hop.interface].device
        state, why, help_ = _judged(index.neighbors.get((device, hop.family, hop.address)), hop, one, device)
        if why == _GONE and one.managed and not one.fixed and there[hop.family] >= _CROWDED:
            why = f"{why}: the kernel has {there[hop.family]} neighbours, and takes away those that do not answer"
            help_ = f"`flowc apply` makes it again; a larger net.ipv{hop.family}.neigh.default.gc_thresh1 keeps it"
        what = f"{format_address(hop.family, hop.address)} dev {device} ({one.what})"
        yield Row(Part.NEIGHBORS, state, what, why, help_, one.span if state is not State.OK else None)


def _judged(entry: Neighbor | None, hop: Hop, one: Needed, device: str) -> tuple[State, str, str | None]:
    ask = f"`ping {format_address(hop.family, hop.address)}`, and look at {device} and at the machine"
    if entry is None or entry.state == "none":
        if one.fixed or one.managed:
            return State.WRONG, _GONE, "`flowc apply` makes it again"
        return (
            State.UNKNOWN,
            "nothing was sent there yet, so that its MAC address is not known",
            "--resolve asks for it",
        )
    if one.fixed and entry.state != "permanent":
        return State.WRONG, f"its entry is {entry.state}, and not permanent", "`flowc apply` makes it so"
    if entry.state in _VALID:
        return State.OK, "permanent" if entry.state == "permanent" else "resolved", None
    if entry.state == "noarp":
        return State.OK, "needs no MAC address", None
    if entry.state == "incomplete":
        return State.WRONG, "it is being asked for, and has not answered (incomplete)", ask
    return State.WRONG, f"nothing answers there ({entry.state})", ask


def unresolved(host: Host, index: Index) -> list[tuple[Family, int, str]]:
    """Address and device of those that a packet may resolve: all that are not valid and that no MAC address is given of."""
    found = []
    for hop, one in needed(host).items():
        device = host.interfaces[hop.interface].device
        entry = index.neighbors.get((device, hop.family, hop.address))
        if not one.fixed and device in index.links and (entry is None or entry.state not in _VALID | {"noarp"}):
            found.append((hop.family, hop.address, device))
    return found
