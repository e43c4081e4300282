"""Test blocks, with packets and expectations of every form. Nothing says that the expectations are met."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from tests.generate.drawing import Drawing, Net, block, host_of
from tests.generate.leaves import fields_of, icmp_type, of_type

from flowc.ir.packet import Origin
from flowc.ir.policy import Ports
from flowc.ir.tests import Expected

PLAIN = ("gre", "esp", "ah", "any", "protocol 89")
"""Protocols without ports."""
TEXTS: dict[str, str] = {"rule": 'rule "accept"', "key": "key 7", "offload": "offload"}
"""Expectations that are not a word, nor an address."""


def draw_tests(drawing: Drawing) -> None:
    """One or two, each with packets for places that there are."""
    for number in range(drawing.number(0, 2)):
        items = [_item(drawing) for _ in range(drawing.number(0, 3))]
        drawing.say(block(f'test "number {number}"', items))


def _item(drawing: Drawing) -> str:
    """Packets, and mostly what is expected of them."""
    link = drawing.one([one for one in drawing.links if one.nets])
    net = drawing.one(link.nets)
    origins = {
        "zone": list(drawing.zones),
        "interface": [link.name],
        "endpoint": [machine.name for machine in drawing.machines],
        "self": ["self"],
    }
    kinds = of_type(fields_of(Origin)["kind"]).filter(lambda kind: bool(origins[kind]))
    place = drawing.one(origins[drawing.draw(kinds)])
    packet = f"{_packet(drawing, net)} from {place}"
    if drawing.rarely():
        return packet
    expectations = drawing.draw(st.sets(of_type(fields_of(Expected)["what"]), min_size=1, max_size=3))
    verdicts = expectations & {"accept", "drop", "reject", "unreachable"}
    # Of those that contradict each other one, and of what is dropped nothing else.
    chosen = [min(verdicts)] if verdicts else []
    if not verdicts - {"accept"}:
        chosen += sorted(expectations - verdicts)
    return f"{packet}; expect {', '.join(_expectation(drawing, what, net) for what in chosen)}"


def _expectation(drawing: Drawing, what: str, net: Net) -> str:
    if what in ("offload", "key"):
        return f"not {TEXTS[what]}" if drawing.maybe() else TEXTS[what]
    if what not in ("source", "destination"):
        return TEXTS.get(what, what)
    address = host_of(net, 20)
    port = drawing.one(("", ":80", ":8000-8009"))
    bracketed = f"[{address}]" if net.version == 6 and port else address
    machines = [one.name for one in drawing.machines if (":" in one.addresses[0]) == (net.version == 6)]
    return f"{what} {drawing.one([bracketed, *machines])}{port}"


def _packet(drawing: Drawing, net: Net) -> str:
    family: Any = net.version
    kind = drawing.number(0, 3)
    source, target = _end(drawing, net), _end(drawing, net)
    if kind <= 1:
        protocol = drawing.draw(of_type(fields_of(Ports)["protocol"]))
        way = f"{source} -> {_with_ports(drawing, net, target)}"
        return f"{protocol} {way}"
    if kind == 2:
        word = drawing.one(("icmp", f"icmpv{net.version}"))
        named = drawing.draw(icmp_type(None if word == "icmp" else family))
        kind_of = str(drawing.number(0, 255)) if drawing.rarely() else named
        return f"{word} {f'{kind_of} ' if kind_of else ''}{source} -> {target}"
    return f"{drawing.one(PLAIN)} {source} -> {target}"


def _end(drawing: Drawing, net: Net) -> str:
    return drawing.one((host_of(net, 20), str(net), f"{host_of(net, 8)}-{host_of(net, 9)}", f"not {net}"))


def _with_ports(drawing: Drawing, net: Net, end: str) -> str:
    ports = drawing.one(("", ":80", ":8000-8009", ":{22, 443}", *(f":{name}" for name in drawing.named_ports)))
    if not ports or net.version == 4:
        return f"{end}{ports}"
    return f"[{drawing.one((host_of(net, 20), f'{host_of(net, 8)}-{host_of(net, 9)}'))}]{ports}"
