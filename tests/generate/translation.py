"""Pools, EIPs, port forwards and source translation."""

from __future__ import annotations

from tests.generate.drawing import Drawing, Link, Machine


def draw_translation(drawing: Drawing) -> None:
    """For zones inside, at one of the zones outside."""
    out = drawing.one([name for name, links in drawing.zones.items() if links[0].uplink])
    if drawing.maybe():
        _pool(drawing, out)
        for machine in drawing.some([one for one in drawing.machines if one.link.zone], 2):
            _eip(drawing, machine)
        if drawing.rarely():
            _prefix_eip(drawing)
    for zone, links in drawing.zones.items():
        if not links[0].uplink and drawing.maybe():
            _nat(drawing, zone, links, out)


def _pool(drawing: Drawing, zone: str) -> None:
    both = drawing.maybe()
    drawing.say(f"pool public 203.0.113.0/24{', 2001:db8:ff::/64' if both else ''} at {zone}")
    drawing.pools += [4, 6] if both else [4]


def _eip(drawing: Drawing, machine: Machine) -> None:
    for address in machine.addresses:
        version = 6 if ":" in address else 4
        if version in drawing.pools:
            vrf = f" vrf {machine.link.vrf}" if machine.link.vrf else ""
            drawing.say(f"eip {drawing.any_public(version)} <-> {drawing.one((machine.name, f'{address}{vrf}'))}")


def _prefix_eip(drawing: Drawing) -> None:
    links = [link for link in drawing.inside() if link.net(4) and link.zone]
    if links:
        link = drawing.one(links)
        net = link.net(4)
        assert net is not None
        (*_, last) = net.subnets(2)
        vrf = f" vrf {link.vrf}" if link.vrf else ""
        drawing.say(f"eip 203.0.113.192/26 <-> {last}{vrf}")


def _nat(drawing: Drawing, zone: str, links: list[Link], out: str) -> None:
    lines = []
    for link in links:
        net = link.net(4)
        if net is not None and drawing.maybe():
            lines.append(_snat(drawing, link))
        if link.net(6) and drawing.rarely():
            lines.append(f"snat {link.net(6)} -> {drawing.public6()}")
    if drawing.maybe():
        source = links[0].net(4)
        operand = drawing.one(("", f" {source}", f" not {source}") if source else ("",))
        lines.append(f"masquerade{operand}{_ports(drawing)}")
    if lines:
        drawing.say(f"nat {zone} -> {out} {{ {'; '.join(lines)} }}")
    machines = [one for one in drawing.machines if one.link in links]
    forwards = [_dnat(drawing, machine) for machine in drawing.some(machines, 2)]
    if forwards:
        drawing.say(f"nat {out} -> {zone} {{ {'; '.join(forwards)} }}")


def _ports(drawing: Drawing) -> str:
    return f" ports {30000 + drawing.number(0, 100)}-{30200 + drawing.number(0, 1000)}" if drawing.rarely() else ""


def _snat(drawing: Drawing, link: Link) -> str:
    net = link.net(4)
    assert net is not None
    low, _ = net.subnets(1)
    operand = drawing.one((str(net), str(low), f"{{{low}, {net[200]}}}"))
    first = drawing.public4()
    to = first if drawing.maybe() else f"{first}-{drawing.public4()}"
    return f"snat {operand} -> {to}{_ports(drawing)}"


def _dnat(drawing: Drawing, machine: Machine) -> str:
    address = machine.addresses[0]
    public = drawing.any_public(6 if ":" in address else 4)
    bracketed, inner = (f"[{public}]", f"[{address}]") if ":" in address else (public, address)
    named = len(drawing.vrfs) > 1 or drawing.maybe()
    target = machine.name if named else inner
    low = drawing.number(1000, 2000)
    return drawing.one(
        (
            f"dnat tcp {bracketed}:{low} -> {target}:80",
            f"dnat tcp, udp {bracketed}:{low} -> {target}:{low}",
            f"dnat udp {bracketed}:{low}-{low + 9} -> {target}:{low}-{low + 9}",
            f"dnat sctp {bracketed}:{low}-{low + 2} -> {target}:5000-5002",
            f"dnat udplite {bracketed}:{low} -> {target}:{low}",
            f"dnat {public} -> {machine.name if named else address}",
        )
    )
