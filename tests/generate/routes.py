"""Routes: default ones, ways out of VRFs and back, and those behind machines inside."""

from __future__ import annotations

from hypothesis import strategies as st
from tests.generate.drawing import Drawing, Link, host_of


def draw_routes(drawing: Drawing) -> None:
    """The main table leads out, mostly; VRFs leak out of it, and back."""
    ups = drawing.uplinks()
    if drawing.known or not drawing.rarely():
        _default(drawing, ups, "")
    for vrf in drawing.vrfs:
        inside = [link for link in drawing.inside() if link.vrf == vrf]
        if not inside or (not drawing.known and drawing.rarely()):
            continue
        up = drawing.one(ups)
        for net in up.nets:
            if any(link.net(net.version) for link in inside):
                via = host_of(net, 254)
                statement = f"route default via {via} on {up.name} vrf {vrf}"
                drawing.say_row("routes", statement, destination="default", via=via, interface=up.name, vrf=vrf)
    for link in drawing.inside():
        if drawing.rarely() or (not link.ethernet and drawing.maybe()):
            _behind(drawing, link)
    if len(ups) > 1 and drawing.maybe():
        _pinned(drawing, ups[1])


def _default(drawing: Drawing, ups: list[Link], options: str) -> None:
    for version in (4, 6):
        found = [(up, net) for up in ups if (net := up.net(version))]
        if not found:
            continue
        if len(found) > 1 and drawing.maybe():
            weights = drawing.maybe()
            hops = (
                f"{host_of(net, 254)} on {up.name}" + (f" weight {number + 1}" if weights else "")
                for number, (up, net) in enumerate(found)
            )
            drawing.say(f"route default via {', '.join(hops)}{options}")
        elif version == 4 or drawing.known or drawing.maybe():
            metric = f" metric {drawing.number(1, 500)}" if drawing.rarely() else ""
            net = found[0][1]
            # The family of `default` is that of the next hop.
            ways = (host_of(net, 254), host_of(net, 253), host_of(net, 252))
            several = drawing.draw(st.integers(0, 9)) == 9
            listed = f"{ways[0]} weight 2, {ways[1]}, {ways[2]} weight 3" if several else ways[0]
            drawing.say(f"route default via {listed}{options}{metric}")


def _behind(drawing: Drawing, link: Link) -> None:
    """A network behind a machine, or one that nobody shall reach."""
    number = 100 + drawing.number(0, 50)
    version = drawing.one([net.version for net in link.nets])
    target = f"172.16.{number}.0/24" if version == 4 else f"fd10:{number}::/64"
    vrf = f" vrf {link.vrf}" if link.vrf else ""
    metric = f" metric {drawing.number(1, 500)}" if drawing.maybe() else ""
    machines = [one for one in drawing.machines if one.link is link]
    ways = ["unreachable", "blackhole"]
    if machines and not link.key:
        own = next((a for a in machines[0].addresses if (":" in a) == (version == 6)), None)
        ways += [f"via {own}"] * 3 if own else []
        ways += [f"via {machines[0].name}"] if own else []
    elif not link.ethernet:
        ways += [f"on {link.name}"] * 3
    drawing.say(f"route {target} {drawing.one(ways)}{vrf}{metric}")


def _pinned(drawing: Drawing, up: Link) -> None:
    """Some sources leave by the second uplink."""
    mine = [link for link in drawing.inside() if link.vrf is None and link.net(4)]
    net = up.net(4)
    if mine and net:
        source = mine[0].net(4)
        text = drawing.one((str(source), f"{{{source}, 192.0.2.0/28}}"))
        drawing.say(f"route default via {host_of(net, 254)} from {text}")
