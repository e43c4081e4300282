"""Ports that source translation picks from, and that a port forward has."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.addresses import AddressSet, Family, Range, format_address, subtract
from flowc.ir.fronts import Fronts
from flowc.ir.nat import Masquerade, Nat
from flowc.ir.network import Host
from flowc.ir.rows import ForwardRow
from flowc.source import Span

CODE = register(
    "FC315",
    "snat-from-forwarded-port",
    Severity.WARNING,
    "`snat` or `masquerade` may give a connection a source port that is forwarded on the same address. The kernel does not "
    "avoid forwarded ports when it picks one (net/netfilter/nf_nat_core.c, get_unique_tuple). While such a connection is "
    "open, what the same peer opens from the port that is called (as with DNS, NTP, SIP or IPsec) to the forwarded port is "
    "taken for its answers and never gets to the forward's target. Where tenants share an uplink, whatever arrives for the port is "
    "the target's: then the answers of each such connection are lost.",
)

CLIENTS = Range(32768, 65535)
"""What machines choose a source port from, and `snat` without `ports` keeps: Linux 32768 to 60999, others 49152 to 65535
(net.ipv4.ip_local_port_range; RFC 6335, 6)."""


FIRST, LAST = 1024, 65535
"""The ports of its choice that are no service's (nf_nat_l4proto_unique_tuple)."""


class _Leaving(NamedTuple):
    """What translates, and what to."""

    what: str
    source: AddressSet | None
    family: Family
    to: Range
    ports: Range | None
    span: Span


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report each such rule once, with the first of the forwarded ports."""
    leaving = [(nat.target, one) for nat in host.nats for one in _leaving(nat, host)]
    if not leaving:
        return
    forwards = _Forwards(host)
    for zone, one in leaving:
        found = [row for row in forwards.of(zone, one) if _meets(one, row, theirs=forwards.answers_are_theirs(row))]
        if found:
            _report(one, found, forwards, diagnostics)


def _leaving(nat: Nat, host: Host) -> Iterator[_Leaving]:
    for snat in nat.snats:
        yield _Leaving("snat", snat.source, snat.family, snat.to, _chosen(snat.ports), snat.span)
    for rule in nat.masquerades:
        for family, address in _own(rule, nat.target, host):
            to = Range(address, address)
            yield _Leaving("masquerade", rule.source, family, to, _chosen(rule.ports), rule.span)


def _chosen(ports: tuple[int, int] | None) -> Range | None:
    """None is what the kernel takes by itself, also where it is written out."""
    return None if ports is None or (ports[0] <= FIRST and ports[1] == LAST) else Range(*ports)


def _own(rule: Masquerade, zone: str, host: Host) -> Iterator[tuple[Family, int]]:
    for name in host.zones[zone].interfaces:
        for own in host.interfaces[name].addresses:
            family: Family = 4 if own.version == 4 else 6
            if rule.source is None or family in rule.source.families:
                yield family, int(own.ip)


class _Forwards:
    """Port forwards, found by public address."""

    def __init__(self, host: Host) -> None:
        self._host, self._fronts = host, host.derived(Fronts)
        self._by_place: dict[tuple[str, Family], list[tuple[int, int]]] = {}
        columns = map(host.forwards.column, ("zone", "family", "public", "protocol"))
        for at, (zone, family, public, protocol) in enumerate(zip(*columns, strict=True)):
            if protocol is not None:
                self._by_place.setdefault((zone, family), []).append((public, at))
        for found in self._by_place.values():
            found.sort()

    def of(self, zone: str, one: _Leaving) -> Iterator[ForwardRow]:
        """Those of the addresses that a rule translates to."""
        found = self._by_place.get((zone, one.family), [])
        first, last = bisect_left(found, (one.to.low, 0)), bisect_right(found, (one.to.high, len(self._host.forwards)))
        return (self._host.forwards[at] for _, at in found[first:last])

    def answers_are_theirs(self, row: ForwardRow) -> bool:
        """At a zone of several VRFs' public addresses, the conntrack zone of what arrives is that of the target."""
        fronts = self._fronts
        own_zone = row.vrf is not None and row.vrf not in fronts.vrfs
        return row.zone in fronts.zones and own_zone and (row.vrf, row.family, row.target) not in fronts.listeners


def _meets(one: _Leaving, row: ForwardRow, *, theirs: bool) -> bool:
    if one.ports is None:
        # The kernel keeps a client's port, or picks any: only where that does harm at once, and is likely.
        return theirs and bool(CLIENTS.within(Range(row.low, row.high)))
    if row.protocol not in ("tcp", "udp") or not one.ports.within(Range(row.low, row.high)):
        return False
    # A machine that leaves from the ports that lead to it: whatever comes in by them is its own.
    target = (Range(row.target, row.target),)
    alone = one.source is not None and not one.source.negated and one.source.ranges(one.family) == target
    return theirs or not (alone and row.low == row.target_low)


def _report(one: _Leaving, found: list[ForwardRow], forwards: _Forwards, diagnostics: Diagnostics) -> None:
    theirs = next((row for row in found if forwards.answers_are_theirs(row)), None)
    row = theirs or found[0]
    ports = one.ports or CLIENTS
    free = subtract([ports], [Range(other.low, other.high) for other in found])
    widest = max(free, key=lambda rest: rest.high - rest.low, default=None)
    shared = ports.within(Range(row.low, row.high))
    diagnostics.report(
        CODE,
        f"`{one.what}` may leave from {row.protocol} port {shared[0]} of `{format_address(row.family, row.public)}`, "
        "which is forwarded",
        one.span,
        "the answers go to the forward's target" if theirs else "then what its peer opens to that port is lost",
        related=[(row.span, "forwarded here")],
        notes=[f"and from {len(found) - 1} more forwarded ports or ranges"] if len(found) > 1 else (),
        help=f"take ports that none is forwarded of: `ports {widest.low}-{widest.high}`"
        if widest
        else "use another address, or other ports",
    )


_HOST = """
interface lan { device eth1; address 10.0.0.1/24 }
interface wan { device eth0; address 192.0.2.1/24 }
zone inside { interface lan }
zone outside { interface wan }
policy inside -> outside { accept }
policy inside -> self { accept tcp 22 }
policy outside -> inside { accept udp 5060 to 10.0.0.60 }
nat outside -> inside { dnat udp 203.0.113.5:5060 -> 10.0.0.60 }
"""

CHECK = Check(
    CODE,
    run,
    bad=_HOST + "nat inside -> outside { snat 10.0.0.0/24 -> 203.0.113.5 ports 5000-9999 }\n",
    good=_HOST + "nat inside -> outside { snat 10.0.0.0/24 -> 203.0.113.5 ports 10000-59999 }\n",
)
