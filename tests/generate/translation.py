"""Pools, EIPs, port forwards and source translation."""

from __future__ import annotations

from ipaddress import ip_network

from tests.generate.drawing import Drawing, Link, Machine
from tests.generate.leaves import fields_of, of_type

from flowc.ir.policy import Ports


def draw_translation(drawing: Drawing) -> None:
    """For zones inside, at one of the zones outside."""
    out = drawing.one([name for name, links in drawing.zones.items() if links[0].uplink])
    if drawing.mostly():
        _pool(drawing, out)
        for machine in drawing.some([one for one in drawing.machines if one.link.zone], 6 if drawing.known else 2):
            _eip(drawing, machine)
        if drawing.sometimes():
            _prefix_eip(drawing)
    for zone, links in drawing.zones.items():
        if not links[0].uplink and drawing.mostly():
            _nat(drawing, zone, links, out)


def _pool(drawing: Drawing, zone: str) -> None:
    both = drawing.mostly()
    drawing.say(f"pool public 203.0.113.0/24{', 2001:db8:ff::/64' if both else ''} at {zone}")
    drawing.pools += [4, 6] if both else [4]


def _eip(drawing: Drawing, machine: Machine) -> None:
    for address in machine.addresses:
        version = 6 if ":" in address else 4
        if version in drawing.pools:
            public = drawing.any_public(version)
            own, stateless = _datapath(drawing), _stateless(drawing)
            said = (f" datapath {own}" if own else "") + (f" {stateless}" if stateless else "")
            row = {"address": public, "datapath": own, "stateless": stateless}
            if drawing.maybe():
                drawing.say_row("eips", f"eip {public} <-> {machine.name}{said}", target=machine.name, **row)
                continue
            vrf = machine.link.vrf or ""
            statement = f"eip {public} <-> {address}" + (f" vrf {vrf}" if vrf else "") + said
            drawing.say_row("eips", statement, target=address, vrf=vrf, **row)


def _datapath(drawing: Drawing) -> str:
    """What an EIP says of itself; nothing in a file that is loaded by hand, as for its host."""
    return drawing.one(("nft", "tc")) if not drawing.loadable and drawing.rarely() else ""


def _stateless(drawing: Drawing) -> str:
    """In files of tc, and in those that nobody loads."""
    return "stateless" if (drawing.known or not drawing.loadable) and drawing.maybe() else ""


def _prefix_eip(drawing: Drawing) -> None:
    version = drawing.one(drawing.pools)
    links = [(link, net) for link in drawing.inside() if link.zone and (net := link.net(version))]
    if links:
        link, net = drawing.one(links)
        own, public = (net.prefixlen + 2, "203.0.113.192/26") if version == 4 else (120, "2001:db8:ff:0:1::/120")
        last = ip_network((net[192 if version == 4 else 0x1000], own))
        vrf = f" vrf {link.vrf}" if link.vrf else ""
        said, stateless = _datapath(drawing), _stateless(drawing)
        words = (f" datapath {said}" if said else "") + (f" {stateless}" if stateless else "")
        drawing.say(f"eip {public} <-> {last}{vrf}{words}")


def _nat(drawing: Drawing, zone: str, links: list[Link], out: str) -> None:
    lines = []
    if drawing.rarely():
        drawing.say(f"nat {out} -> {out} {{}}")
    for link in links:
        net = link.net(4)
        if net is not None and drawing.mostly():
            lines.append(_snat(drawing, link))
        if link.net(6) and drawing.sometimes():
            lines.append(f"snat {link.net(6)} -> {drawing.public6()}")
    if drawing.maybe():
        source = links[0].net(4)
        operand = drawing.one(("", f" {source}", f" not {source}") if source else ("",))
        lines.append(f"masquerade{operand}{_ports(drawing)}")
    if lines:
        drawing.say(f"nat {zone} -> {out} {{ {'; '.join(lines)} }}")
    machines = [one for one in drawing.machines if one.link in links]
    forwards = [text for machine in drawing.some(machines, 2) if (text := _dnat(drawing, machine, out, zone))]
    if forwards:
        drawing.say(f"nat {out} -> {zone} {{ {'; '.join(forwards)} }}")


def _ports(drawing: Drawing) -> str:
    return f" ports {30000 + drawing.number(0, 100)}-{30200 + drawing.number(0, 1000)}" if drawing.sometimes() else ""


def _snat(drawing: Drawing, link: Link) -> str:
    net = link.net(4)
    assert net is not None
    low, _ = net.subnets(1)
    operand = drawing.one((str(net), str(low), f"{{{low}, {net[200]}}}"))
    first = drawing.public4()
    to = first if drawing.maybe() else f"{first}-{drawing.public4()}"
    return f"snat {operand} -> {to}{_ports(drawing)}"


def _dnat(drawing: Drawing, machine: Machine, out: str, zone: str) -> str | None:
    """None if it is a row of a table."""
    address = drawing.one(machine.addresses)
    public = drawing.any_public(6 if ":" in address else 4)
    bracketed, inner = (f"[{public}]", f"[{address}]") if ":" in address else (public, address)
    named = len(drawing.vrfs) > 1 or drawing.maybe()
    target = machine.name if named else inner
    low = drawing.number(1000, 2000)
    if drawing.parted and drawing.maybe():
        ports, to = drawing.one((("", ""), (f"{low}", ""), (f"{low}", "80"), (f"{low}-{low + 9}", "6000-6009")))
        protocol = drawing.draw(of_type(fields_of(Ports)["protocol"])) if ports else ""
        row = {"address": public, "target": machine.name if named else address, "from": out, "to": zone}
        drawing.rows.setdefault("forwards", []).append(
            {**row, "protocol": protocol, "ports": ports, "target_ports": to}
        )
        return None
    return drawing.one(
        (
            f"dnat tcp {bracketed}:{low} -> {target}:80",
            f"dnat tcp {bracketed}:{low} -> {machine.name if named else address}",
            f"dnat tcp, udp {bracketed}:{low} -> {target}:{low}",
            f"dnat tcp, udp, sctp {bracketed}:{low} -> {target}:{low}",
            f"dnat udp {bracketed}:{low}-{low + 9} -> {target}:{low}-{low + 9}",
            f"dnat sctp {bracketed}:{low}-{low + 2} -> {target}:5000-5002",
            f"dnat udplite {bracketed}:{low} -> {target}:{low}",
            f"dnat {public} -> {machine.name if named else address}",
        )
    )
