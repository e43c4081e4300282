"""Host states made by hand, so that the backends are tested without the stages before them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, cast

from flowc.hoststate import (
    AddressRow,
    AnnouncementRow,
    FlowerFilter,
    GreTunnel,
    HostState,
    Link,
    LinkKind,
    NeighborRow,
    NextHop,
    RouteRow,
    Rule,
    Sysctl,
)
from flowc.hoststate.tc import Match, Pass, SetMark
from flowc.ir.tables import Table
from flowc.source import Source, Span

UNREACHABLE_METRIC = 4278198272

SOURCE = Source(
    "gw.flow",
    """host gw1 { kernel 6.1 }
vrf acme { table 1000 }
interface uplink { device eth0; address 172.16.0.1/24 }
interface vms { device tap75; address 10.0.0.1/24; vrf acme }
tunnel gre1000 { type gretap; key 1000; local 172.16.0.1; remote 172.16.0.2; vrf acme; address 10.0.1.1/24 }
endpoint vm75 { address 10.0.0.75; interface vms; mac 52:54:00:00:00:75 }
neighbor 172.16.0.2 on uplink managed
route default via 10.0.1.241 vrf acme
zone tenant { interface vms }
""",
)


def at(line: int, source: Source = SOURCE) -> Span:
    """The first character of a line (from 1)."""
    offset = sum(len(text) + 1 for text in source.text.split("\n")[: line - 1])
    return Span(source, offset, offset + 1)


def empty(host: str = "gw1", **changes: Sequence[Any] | bool) -> HostState:
    """A host with nothing to do, changed by keyword; rows are given as lists."""
    state = HostState(
        host=host,
        links=(),
        sysctls=(),
        addresses=Table(AddressRow),
        routes=Table(RouteRow),
        rules=(),
        local_rule_last=False,
        neighbors=Table(NeighborRow),
        nft=cast("Any", None),  # the nft backend has tests of its own
        filters=(),
    )
    rows: dict[str, type[Any]] = {
        "addresses": AddressRow,
        "announcements": AnnouncementRow,
        "routes": RouteRow,
        "neighbors": NeighborRow,
    }
    given: dict[str, Any] = {
        name: Table(rows[name], cast("Sequence[Any]", value)) if name in rows else value
        for name, value in changes.items()
    }
    return replace(state, **given)


def tenant(key: int | None = 1000, extra_neighbors: Iterable[NeighborRow] = ()) -> HostState:
    """What SOURCE means: one VM in a VRF, carried to its peer by a GRE tunnel."""
    return empty(
        links=(
            Link("vrf-acme", LinkKind.VRF, at(2), table=1000),
            Link("eth0", LinkKind.EXISTING, at(3)),
            Link("tap75", LinkKind.EXISTING, at(4), master="vrf-acme"),
            Link(
                "gre1000",
                LinkKind.GRETAP,
                at(5),
                master="vrf-acme",
                mtu=1458,
                tunnel=GreTunnel("172.16.0.1", "172.16.0.2", ikey=key, okey=key),
            ),
        ),
        sysctls=(
            Sysctl("net/ipv4/conf/gre1000/rp_filter", "0", at(5)),
            Sysctl("net/ipv4/ip_forward", "1", None),
        ),
        addresses=[
            AddressRow(4, "172.16.0.1/24", "eth0", at(3)),
            AddressRow(4, "10.0.1.1/24", "gre1000", at(5)),
            AddressRow(4, "10.0.0.1/24", "tap75", at(4)),
        ],
        routes=[
            RouteRow(4, 1000, "default", "unreachable", (), UNREACHABLE_METRIC, at(2)),
            RouteRow(6, 1000, "default", "unreachable", (), UNREACHABLE_METRIC, at(2)),
            RouteRow(4, 1000, "default", "unicast", (NextHop("10.0.1.241", "gre1000", 1),), None, at(8)),
        ],
        rules=(Rule(4, 500, 1000, at(2), mark=(1, 0xFF)), Rule(6, 500, 1000, at(2), mark=(1, 0xFF))),
        local_rule_last=True,
        neighbors=[
            NeighborRow(4, "10.0.0.75", "tap75", "52:54:00:00:00:75", at(6)),
            NeighborRow(4, "172.16.0.2", "eth0", None, at(7)),
            *extra_neighbors,
        ],
    )


def marking(
    device: str, place: tuple[int, int], match: Match, mark: SetMark, span: Span, protocol: str = "all", chain: int = 0
) -> FlowerFilter:
    """A filter that only gives a mark; its place is preference and handle."""
    return FlowerFilter(device, *place, protocol, match, (mark, Pass()), span, chain)


def shared_tunnel() -> HostState:
    """One external device for many keys, told apart by tc."""
    return empty(
        links=(Link("gtmd", LinkKind.GRETAP, at(5), mtu=1458, tunnel=GreTunnel(None, None, external=True)),),
        filters=(
            marking("gtmd", (20, 0x66C0001), Match(1000, "172.16.0.2", "172.16.0.1"), SetMark(1, 0xFF), at(5)),
            marking("gtmd", (20, 0x66C0002), Match(1001, "172.16.0.2", "172.16.0.1"), SetMark(2, 0xFFFFFFFF), at(6)),
        ),
    )
