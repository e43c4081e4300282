"""Zones, machines and neighbours."""

from __future__ import annotations

from tests.generate.drawing import Drawing, Link, Machine, block, host_of


def draw_zones(drawing: Drawing) -> None:
    """Uplinks are outside; links inside have a zone each, share one, or are parts of several."""
    outside = drawing.uplinks()
    if len(outside) > 1 and drawing.maybe():
        _zone(drawing, "wan", outside)
    else:
        for number, link in enumerate(outside):
            _zone(drawing, f"wan{number or ''}", [link])
    rest = [link for link in drawing.inside() if not drawing.rarely()]
    while rest:
        together = [rest.pop(0)]
        while rest and rest[0].vrf == together[0].vrf and not rest[0].key and drawing.maybe():
            together.append(rest.pop(0))
        first = together[0]
        if first.key:
            # Keys of one VRF over one device are one place: no packet tells them apart.
            alike = [link for link in rest if link.key and link.vrf == first.vrf]
            together += alike
            rest = [link for link in rest if link not in alike]
        name = f"z{len(drawing.zones)}"
        if len(together) == 1 and not first.key and not drawing.known and drawing.rarely():
            _parts(drawing, first)
        else:
            _zone(drawing, name, together)
    if drawing.rarely():
        drawing.say("zone empty {}")


def _zone(drawing: Drawing, name: str, links: list[Link]) -> None:
    drawing.zones[name] = links
    for link in links:
        link.zone = name
    if len(links) > 2 or drawing.rarely():
        members = [f"interface {link.name}" for link in links]
    else:
        members = [f"interface {', '.join(link.name for link in links)}"]
    drawing.say(block(f"zone {drawing.quoted(name)}", members))


def _parts(drawing: Drawing, link: Link) -> None:
    """A wire that two zones share."""
    net = link.nets[0]
    low, high = list(net.subnets(1))
    first, second = f"z{len(drawing.zones)}", f"z{len(drawing.zones) + 1}"
    drawing.zones[first], drawing.zones[second] = [link], [link]
    link.zone = first
    other = drawing.one((f"from {high}", f"from not {low}"))
    drawing.say(block(f"zone {first}", [f"interface {link.name} from {low}"]))
    drawing.say(block(f"zone {second}", [f"interface {link.name} {other}"]))


def draw_machines(drawing: Drawing) -> None:
    """Up to two endpoints on each link inside, and neighbours besides."""
    for link in drawing.inside():
        for number in range(drawing.number(1 if drawing.known else 0, 2)):
            _machine(drawing, link, number)
        if drawing.rarely():
            _neighbor(drawing, link)
    for link in drawing.uplinks():
        if drawing.known or drawing.maybe():
            for net in link.nets if drawing.known else [drawing.one(link.nets)]:
                how = f"02:00:00:00:02:{net.version:02x}" if drawing.known and drawing.maybe() else "managed"
                drawing.say(f"neighbor {host_of(net, 254)} on {link.name} {how}")


def _machine(drawing: Drawing, link: Link, number: int) -> None:
    addresses = tuple(host_of(net, 20 + number) for net in (link.nets if drawing.maybe() else link.nets[:1]))
    name = f"vm{len(drawing.machines)}"
    mac = _mac(drawing) if link.ethernet and (link.key or drawing.known or drawing.maybe()) else ""
    drawing.machines.append(Machine(name, link, addresses))
    items = [f"address {', '.join(addresses)}", f"interface {link.name}", f"mac {mac}" if mac else ""]
    fields = dict(zip(("address", "address6"), addresses, strict=False))
    statement = block(f"endpoint {drawing.quoted(name)}", items)
    drawing.say_row("endpoints", statement, name=name, interface=link.name, mac=mac, **fields)


def _mac(drawing: Drawing) -> str:
    return f"52:54:00:00:{len(drawing.machines):02x}:{drawing.number(0, 255):02x}"


def _neighbor(drawing: Drawing, link: Link) -> None:
    if not link.ethernet:
        return
    address = host_of(drawing.one(link.nets), 40)
    how = drawing.one(("02:00:00:00:01:28", "mac 02:00:00:00:01:28", *([] if link.key else ["managed"])))
    mac = "" if how == "managed" else how.removeprefix("mac ")
    statement = f"neighbor {address} on {link.name} {how}"
    drawing.say_row("neighbors", statement, address=address, interface=link.name, mac=mac)
