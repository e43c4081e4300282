"""VRFs, interfaces of every kind, and tunnels."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st
from tests.generate.drawing import Drawing, Link, block, host_of, networks
from tests.generate.leaves import of_type

from flowc.ir.links import Spoofing, TunnelKind


def draw_links(drawing: Drawing) -> None:
    """One uplink or two, and up to four links inside."""
    for number in range(drawing.number(1 if drawing.known else 0, 2)):
        name = f"vrf{number}"
        device = f"device v{number}" if drawing.rarely() else ""
        drawing.vrfs.append(name)
        drawing.say(block(f"vrf {drawing.quoted(name)}", [f"table {1000 + number}", device]))
    for number in range(1 if drawing.known and drawing.mostly() else drawing.number(1, 2)):
        _uplink(drawing, number)
    for number in range(1, 1 + drawing.number(1, 4)):
        drawing.one(WITH_FILTERS if drawing.known else KINDS)(drawing, number)


def _uplink(drawing: Drawing, number: int) -> None:
    """The second one has addresses of its own."""
    name = f"up{number}"
    link = Link(name, networks(200 + number, v4=True, v6=drawing.maybe()), uplink=True)
    drawing.links.append(link)
    dhcp = "dhcp" if number and drawing.rarely() else ""
    drawing.say(
        block(f"interface {name}", [f"device eth{number}", _addresses(link), dhcp, *_options(drawing, inside=False)])
    )


def _addresses(link: Link) -> str:
    own = ", ".join(f"{host_of(net, 1)}/{net.prefixlen}" for net in link.nets)
    return f"address {own}" if own else ""


def _options(drawing: Drawing, *, ethernet: bool = True, inside: bool = True) -> list[str]:
    found = [f"mtu {drawing.one((1400, 1500, 9000))}"] if drawing.rarely() else []
    found += [f"mac 02:00:00:00:00:{drawing.number(1, 254):02x}"] if ethernet and drawing.rarely() else []
    spoofing = drawing.draw(st.just(Spoofing.CHECKED) | st.just(Spoofing.CHECKED) | of_type(Spoofing))
    if drawing.known:
        spoofing = Spoofing.STRICT if inside and drawing.mostly() else Spoofing.CHECKED
    return [*found, f"spoofing {spoofing}" if spoofing is not Spoofing.CHECKED else ""]


def _new(drawing: Drawing, number: int, name: str, *, ethernet: bool = True, key: bool = False) -> Link:
    """Tenants may have the same network in two VRFs."""
    vrf = drawing.one([None, *drawing.vrfs])
    alike = vrf is not None and all(one.vrf != vrf for one in drawing.links)
    v6 = drawing.maybe()
    nets = networks(100 if alike and drawing.maybe() else number, v4=not (v6 and drawing.rarely()), v6=v6)
    link = Link(name, nets, vrf, ethernet=ethernet, key=key)
    drawing.links.append(link)
    return link


def _vrf(link: Link) -> str:
    return f"vrf {link.vrf}" if link.vrf else ""


def _device(drawing: Drawing, number: int) -> None:
    link = _new(drawing, number, f"lan{number}")
    addresses = _addresses(link) + (f", 192.168.{number}.1/24" if drawing.rarely() else "")
    drawing.say(block(f"interface {link.name}", [f"device tap{number}", addresses, _vrf(link), *_options(drawing)]))


def _vlan(drawing: Drawing, number: int) -> None:
    link = _new(drawing, number, f"vlan{number}")
    parent = drawing.one([one.name for one in drawing.links if one.uplink])
    device = f"device tag{number}" if drawing.maybe() else ""
    drawing.say(
        block(f"interface {link.name}", [f"vlan {10 + number} on {parent}", device, _addresses(link), _vrf(link)])
    )


def _bridge(drawing: Drawing, number: int) -> None:
    link = _new(drawing, number, f"br{number}")
    # One without ports has no wire that a packet could come by.
    ports = [f"port{number}{place}" for place in range(drawing.number(0 if drawing.parted else 1, 3))]
    for port in ports:
        drawing.links.append(Link(port, (), carrier=True))
        drawing.say(block(f"interface {port}", [f"device dev{port}" if drawing.maybe() else ""]))
    bridge = f"bridge {', '.join(ports)}".strip()
    drawing.say(block(f"interface {link.name}", [bridge, _addresses(link), _vrf(link), *_options(drawing)]))


def _veth(drawing: Drawing, number: int) -> None:
    link = _new(drawing, number, f"ve{number}")
    drawing.say(block(f"interface {link.name}", [f"veth far{number}", _addresses(link), _vrf(link)]))


def _outer(drawing: Drawing, kind: TunnelKind) -> tuple[Link, str, str] | None:
    """The uplink that a tunnel goes over, and its ends."""
    for link in drawing.uplinks():
        net = link.net(4 if kind.outer_family == 4 else 6)
        if net is not None:
            return link, host_of(net, 1), host_of(net, drawing.number(20, 40))
    return None


def _tunnel(drawing: Drawing, number: int) -> None:
    kind = drawing.draw(of_type(TunnelKind))
    outer = _outer(drawing, kind)
    if outer is None:
        _device(drawing, number)
        return
    under, local, remote = outer
    link = _new(drawing, number, f"tun{number}", ethernet=kind.ethernet)
    keys = drawing.one((f"key {number}", f"ikey {number}; okey {number + 100}", "", f"key {2**32 - number}"))
    on = f"on {under.name}" if drawing.maybe() else ""
    ttl = f"ttl {drawing.number(1, 255)}" if drawing.rarely() else ""
    device = f"device gt{number}" if drawing.rarely() else ""
    items = [f"type {kind}", device, keys, f"local {local}", f"remote {remote}", on, ttl, _vrf(link), _addresses(link)]
    drawing.say(block(f"tunnel {link.name}", [*items, *_options(drawing, ethernet=kind.ethernet)]))


def _shared(drawing: Drawing, number: int) -> None:
    """A device for many keys, and one or two of them."""
    if any(one.carrier and one.name.startswith("shared") for one in drawing.links):
        _device(drawing, number)
        return
    kind = drawing.one([TunnelKind.GRETAP] if drawing.known else [TunnelKind.GRETAP, TunnelKind.GRE])
    outer = _outer(drawing, kind)
    if outer is None or not drawing.vrfs:
        _device(drawing, number)
        return
    _, local, remote = outer
    name = f"shared{number}"
    drawing.links.append(Link(name, (), carrier=True))
    drawing.say(block(f"tunnel {name}", [f"type {kind}", "shared", f"local {local}"]))
    for place, vrf in enumerate(drawing.vrfs[: drawing.number(1, 2)]):
        key = Link(f"key{number}{place}", networks(number, v4=True, v6=False), vrf, ethernet=kind.ethernet, key=True)
        drawing.links.append(key)
        ttl = f"ttl {number}" if place else ""
        items = [f"over {name}", f"key {number * 10 + place}", f"remote {remote}", ttl, _vrf(key), _addresses(key)]
        drawing.say(block(f"tunnel {key.name}", items))


KINDS: tuple[Callable[[Drawing, int], None], ...] = (_device, _vlan, _bridge, _veth, _tunnel, _tunnel, _shared)
WITH_FILTERS = (_device, _vlan, _veth, _shared, _shared)
"""Those that tc carries packets of."""
