"""Chain 3: packets of EIPs that need no connection tracking, the first one as well as all others (docs/adr/0015).

Chain 0 leads there what the policies admit both ways, and ICMP errors, since of those that such packets cause conntrack
knows nothing. At an inside entrance the way is looked up before the address is translated: what does not leave by the zone
of the EIP goes up as it came.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from flowc.analysis.blocks import Block, blocks
from flowc.analysis.stateless import NOBODYS, Open
from flowc.hoststate.tc import (
    BYTE,
    ICMP,
    Direction,
    Fragments,
    Goto,
    Masked,
    Match,
    Nat,
)
from flowc.ir.addresses import WIDTH, Prefix, format_address
from flowc.ir.datapath import NextHop
from flowc.lower.handles import Draft
from flowc.lower.tc.device import FIRST_PREFERENCE, LAST, PROTOCOLS, STATELESS, WHOSE, Device
from flowc.lower.tc.entrances import Entrance, Plan, next_mac
from flowc.lower.tc.ways import Ways
from flowc.source import Span

ICMP_ERRORS = (3, 11, 12)
"""Destination unreachable, time exceeded, parameter problem (RFC 792): act_nat translates what they are about, too."""
PREFERENCE = 3
"""In chain 0: behind what is never tc's, before conntrack."""
NOBODY, ERRORS = 2, 3
FIRST_WAY = 10
"""In chain 3, of an address, and behind it where there is none. Those of a shorter prefix follow."""
EACH_LENGTH = 2


def drafts(plan: Plan, device: Device, entrances: list[Entrance]) -> Iterator[Draft]:
    """The filters of one device."""
    used = [entrance for entrance in entrances if entrance.stateless]
    for entrance in used:
        yield from _classes(plan, device, entrance)
        yield from _inwards(plan, device, entrance) if entrance.outside else _outwards(plan, device, entrance)
    if used:
        yield from _common(device, used[0].interface.span)


def _common(device: Device, span: Span) -> Iterator[Draft]:
    """What all entrances of a device share."""
    first, up = FIRST_PREFERENCE[4], (device.up,)
    yield device.draft("ttl", STATELESS, first, PROTOCOLS[4], Match(ttl=Masked(0, 0xFE)), up, span)
    for number in ICMP_ERRORS:
        match = Match(ip_proto=ICMP, icmp_type=Masked(number, BYTE), fragments=Fragments.NONE)
        yield device.draft(f"icmp {number}", WHOSE, PREFERENCE, PROTOCOLS[4], match, (Goto(STATELESS),), span)
    if device.shared:
        yield device.last(STATELESS, LAST, span)


def _classes(plan: Plan, device: Device, entrance: Entrance) -> Iterator[Draft]:
    """Chain 0: what needs no connection."""
    for one in entrance.stateless:
        own = str(_whole(one.public if entrance.outside else one.inside.target[2]))
        if entrance.outside:
            whose = replace(entrance.base, destination=own, fragments=Fragments.NONE)
        else:
            whose = replace(_machine(plan, entrance, one), fragments=Fragments.NONE)
        name = f"{entrance.label}{'to' if entrance.outside else 'from'} {own}"
        for flows in one.flows:
            for local in blocks(flows.local):
                for remote in blocks(flows.remote):
                    ports = _port(remote), _port(local)
                    source, destination = ports if entrance.outside else reversed(ports)
                    match = replace(whose, ip_proto=flows.protocol, source_port=source, destination_port=destination)
                    yield device.draft(
                        f"{name} {flows.protocol} {local.value}/{local.mask} {remote.value}/{remote.mask}",
                        WHOSE,
                        PREFERENCE,
                        PROTOCOLS[4],
                        match,
                        (Goto(STATELESS),),
                        one.span,
                        needs=plan.needs(one.inside.target),
                    )


def _machine(plan: Plan, entrance: Entrance, one: Open) -> Match:
    """Packets from it."""
    _, family, address = one.inside.target
    pin = plan.pins.get((one.inside.interface, family, address))
    return replace(entrance.base, source=str(_whole(address)), source_mac=pin)


def _inwards(plan: Plan, device: Device, entrance: Entrance) -> Iterator[Draft]:
    """By the public address, to its machine; but for ICMP errors, what the answers to have no way goes up.

    Of a TCP handshake conntrack has to see both directions or none (`tcp_conntracks` in nf_conntrack_proto_tcp.c).
    """
    several = len({one.inside.target[0] for one in entrance.stateless}) > 1
    for one in entrance.stateless:
        match = replace(entrance.base, destination=str(_whole(one.public)))
        hop = plan.candidates.next_hops[one.inside.target]
        errors = _Way(f"{one.text} errors", ERRORS, replace(match, ip_proto=ICMP), hop, back=None)
        yield _translated(plan, device, entrance, one, errors)
        for prefix, back in _networks(plan, one.inside.target[0]):
            known = replace(match, source=_shown(prefix))
            if back is not None and one.zone in plan.looks.zones.get(back.hop.interface, ()):
                way = _Way(f"{one.text} from {prefix}", _preference(prefix), known, hop, back)
                yield _translated(plan, device, entrance, one, way)
            if prefix.length:
                whose, only = (f"{one.text} ", known) if several else ("", replace(known, destination=None))
                yield _up(device, entrance, f"{whose}from {prefix}", prefix, only)
    for other in (*map(str, plan.public[4]), *map(str, NOBODYS)):
        match, name = replace(entrance.base, source=other), f"{entrance.label}not from {other}"
        yield device.draft(name, STATELESS, NOBODY, PROTOCOLS[4], match, (device.up,), entrance.interface.span)


def _outwards(plan: Plan, device: Device, entrance: Entrance) -> Iterator[Draft]:
    """By the longest prefix of the destination, and by the machine where that leads out of the zone of its EIP."""
    for prefix, hop in _networks(plan, entrance.interface.vrf):
        zones = () if hop is None else plan.looks.zones.get(hop.hop.interface, ())
        for one in entrance.stateless:
            if hop is not None and one.zone in zones:
                match = replace(_machine(plan, entrance, one), destination=_shown(prefix))
                back = plan.candidates.next_hops[one.inside.target]
                way = _Way(f"{one.text} to {prefix}", _preference(prefix), match, hop, back)
                yield _translated(plan, device, entrance, one, way)
        if prefix.length:
            match = replace(entrance.base, destination=str(prefix))
            yield _up(device, entrance, f"to {prefix}", prefix, match)
    for other in map(str, NOBODYS):
        match, name = replace(entrance.base, destination=other), f"{entrance.label}not to {other}"
        yield device.draft(name, STATELESS, NOBODY, PROTOCOLS[4], match, (device.up,), entrance.interface.span)


def _networks(plan: Plan, vrf: str | None) -> Iterator[tuple[Prefix, NextHop | None]]:
    return (one for one in plan.lookups.networks(vrf) if one[0].family == 4)


def _up(device: Device, entrance: Entrance, name: str, prefix: Prefix, match: Match) -> Draft:
    """What no way of the same prefix takes: there is none, or it waits for a MAC address."""
    preference, span = _preference(prefix) + 1, entrance.interface.span
    return device.draft(f"{entrance.label}{name}", STATELESS, preference, PROTOCOLS[4], match, (device.up,), span)


class _Way(NamedTuple):
    """Packets that are translated and handed to a next hop."""

    name: str
    preference: int
    match: Match
    hop: NextHop
    back: NextHop | None
    """Whom the answers are handed to, if it has to be known."""


def _translated(plan: Plan, device: Device, entrance: Entrance, one: Open, way: _Way) -> Draft:
    """By `nat`, which mends the checksums also of what is still to be cut into segments."""
    vrf, family, own = one.inside.target
    direction = Direction.INGRESS if entrance.outside else Direction.EGRESS
    old, new = (one.public, own) if entrance.outside else (own, one.public)
    macs = (next_mac(hop, plan.topology) for hop in (way.hop, way.back) if hop is not None)
    return device.draft(
        f"{entrance.label}{way.name}",
        STATELESS,
        way.preference,
        PROTOCOLS[4],
        way.match,
        Ways(plan, entrance).actions(family, vrf, way.hop, Nat(direction, str(_whole(old)), format_address(4, new))),
        one.span,
        needs=tuple(mac for mac in macs if not isinstance(mac, str)),
    )


def _preference(prefix: Prefix) -> int:
    return FIRST_WAY + EACH_LENGTH * (WIDTH[4] - prefix.length)


def _shown(prefix: Prefix) -> str | None:
    return str(prefix) if prefix.length else None


def _whole(address: int) -> Prefix:
    return Prefix(4, address, WIDTH[4])


def _port(block: Block) -> Masked | None:
    return Masked(block.value, block.mask) if block.mask else None
