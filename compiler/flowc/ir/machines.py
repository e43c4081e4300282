"""Machines that the file knows on the links of a VRF: gateways, neighbours, endpoints, and what tunnels lead to."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from flowc.ir.addresses import Family, Range
from flowc.ir.links import Interface, Tunnel
from flowc.ir.network import Host
from flowc.ir.stack import Stack
from flowc.source import Span


class Machine(NamedTuple):
    """One of its addresses."""

    address: int
    what: str
    """What it is, in a message."""
    span: Span


class Machines:
    """By VRF and family, each made when first asked for."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._known: dict[tuple[str | None, Family], tuple[list[int], list[Machine]]] = {}

    def within(self, vrf: str | None, family: Family, found: Range) -> Sequence[Machine]:
        """Those whose address is in a range, by address."""
        if (vrf, family) not in self._known:
            machines = sorted(self._find(vrf, family), key=lambda one: one.address)
            self._known[vrf, family] = [one.address for one in machines], machines
        addresses, machines = self._known[vrf, family]
        return machines[bisect_left(addresses, found.low) : bisect_right(addresses, found.high)] if addresses else ()

    def _find(self, vrf: str | None, family: Family) -> Iterator[Machine]:
        host = self._host
        there = {name for name, one in host.interfaces.items() if one.vrf == vrf}
        for of, nexthops, span in zip(*map(host.routes.column, ("family", "nexthops", "span")), strict=True):
            for gateway, interface, _ in nexthops if of == family else ():
                if gateway is not None and interface in there:
                    yield Machine(gateway, "a gateway", span)
        columns = map(host.neighbors.column, ("family", "address", "interface", "span"))
        for of, address, interface, span in zip(*columns, strict=True):
            if of == family and interface in there:
                yield Machine(address, "a neighbour", span)
        columns = map(host.endpoints.column, ("v4" if family == 4 else "v6", "interface", "name", "span"))
        for address, interface, name, span in zip(*columns, strict=True):
            if address is not None and interface in there:
                yield Machine(address, f"endpoint `{name}`", span)
        yield from self._remotes(vrf, family)

    def _remotes(self, vrf: str | None, family: Family) -> Iterator[Machine]:
        stack = self._host.derived(Stack)
        for one in self._host.interfaces.values():
            ends = self._host.outer_ends(one)
            if ends is None or ends[0] != family:
                continue
            below = stack.underlay(self._device(one))
            if (below.vrf if below else None) == vrf:
                yield Machine(ends[2], f"the remote end of tunnel `{one.name}`", one.span)

    def _device(self, tunnel: Interface) -> Tunnel:
        """The tunnel itself, or the shared one that it goes over."""
        link = (self._host.interfaces[tunnel.carrier] if tunnel.carrier else tunnel).link
        assert isinstance(link, Tunnel)
        return link
