"""Policies with rules of every kind, and the services and named values that they use."""

from __future__ import annotations

from itertools import compress

from hypothesis import strategies as st
from tests.generate import words
from tests.generate.drawing import Drawing, host_of
from tests.generate.leaves import HELPER, icmp, of, of_type

from flowc.ir.policy import Action, Connections, Limit, Log, Ports, Protocol

DATAPATHS = {1: "tc", 2: "nft", 3: "tc", 4: "tc"}
"""Of a policy with so many rules, where it says one: nothing is drawn for it, so that nothing else changes."""


def draw_policies(drawing: Drawing) -> None:
    """For some pairs of zones, `self` and `any`."""
    _lets(drawing)
    for number in range(drawing.number(0, 2)):
        name = f"svc{number}"
        drawing.ports.append(name)
        drawing.say(
            f"service {drawing.quoted(name)} = {', '.join(_match(drawing) for _ in range(drawing.number(1, 2)))}"
        )
    zones = list(drawing.zones)
    pairs = [(one, other) for one in [*zones, "any", "self"] for other in [*zones, "any", "self"]]
    usable = [
        pair for pair in pairs if pair not in {("self", "self"), ("any", "any"), ("any", "self"), ("self", "any")}
    ]
    forwarding = [pair for pair in usable if "any" not in pair and "self" not in pair and pair[0] != pair[1]]
    taken = {*drawing.some(usable, 3), *drawing.some(forwarding, 8 if drawing.known else 3)}
    if drawing.known and drawing.maybe():
        taken |= {
            (target, source) for source, target in taken & {*forwarding}
        }  # what passes both ways may be stateless
    for source, target in (pair for pair in usable if pair in taken):
        if source == "any" and any(other == "any" for _, other in taken):
            continue
        rules = [_rule(drawing, source, target) for _ in range(0 if drawing.rarely() else drawing.number(1, 3))]
        if drawing.known and (source, target) in forwarding and drawing.mostly():
            rules.append("accept offload")
        said = (
            f" datapath {DATAPATHS[len(rules)]}"
            if (drawing.known or not drawing.loadable) and source > target and rules
            else ""
        )
        drawing.say("\n    ".join([f"policy {source} -> {target}{said} {{", *rules]) + ("\n}" if rules else "}"))


def _lets(drawing: Drawing) -> None:
    for version in (4, 6):
        nets = list(dict.fromkeys(net for link in drawing.inside() if (net := link.net(version))))
        if not nets or not drawing.maybe():
            continue
        listed, part = ", ".join(map(str, nets)), f"{host_of(nets[0], 8)}-{host_of(nets[0], 99)}"
        values = [str(nets[0]), f"{{{listed}}}", f"not {nets[0]}", part, f"{{{listed},}}"]
        if drawing.maybe():
            drawing.say(f"let more{version} = {drawing.one((part, host_of(nets[0], 20)))}")
            values += [f"more{version}", f"{{more{version}, {nets[-1][200]}}}"]
        drawing.names[version] = f"some{version}"
        drawing.say(f"let some{version} = {drawing.one(values)}")
    if drawing.maybe():
        drawing.say(f"let port = {drawing.one(('22', '8000-8009', '{22, 8000-8009}', '{443,}'))}")
        drawing.named_ports.append("port")
        if drawing.maybe():
            drawing.say("let all-ports = {port, 53}")
            drawing.named_ports.append("all-ports")


def _match(drawing: Drawing, version: int | None = None) -> str:
    kind = drawing.number(0, 5)
    if kind <= 2:
        leaf = drawing.draw(of(Ports))
        if drawing.named_ports and drawing.rarely():
            name = drawing.one(drawing.named_ports)
            return f"{leaf['protocol']} {drawing.one((name, f'{{{name}, 9}}', f'{{9, {name},}}'))}"
        return words.ports(leaf)
    if kind <= 4:
        return words.icmp(drawing.draw(icmp(version)))
    return words.protocol(drawing.draw(of(Protocol)))


def _rule(drawing: Drawing, source: str, target: str) -> str:
    action = drawing.draw(of_type(Action))
    named = drawing.maybe(), drawing.maybe()
    version = drawing.one((4, 4, 6)) if any(named) else None
    matches = [_match(drawing, version) for _ in range(drawing.number(0, 3))]
    if drawing.ports and version is None and drawing.rarely():
        matches.append(drawing.one(drawing.ports))
    parts = [str(action), ", ".join(matches)]
    for word, zone in compress((("from", source), ("to", target)), named):
        parts.append(f"{word} {_operand(drawing, zone, version or 4)}")
    parts += _clauses(drawing, action, matches, source, target)
    return " ".join(part for part in parts if part)


def _clauses(drawing: Drawing, action: Action, matches: list[str], source: str, target: str) -> list[str]:
    found = []
    through = "self" not in (source, target)
    if through and drawing.rarely():
        found.append("via eip")
    if drawing.sometimes():
        found.append(words.limit(drawing.draw(of(Limit))))
    if action is Action.ACCEPT and drawing.sometimes():
        found.append(words.connections(drawing.draw(of(Connections))))
    if drawing.sometimes():
        found.append(words.log(drawing.draw(of(Log)), prefix=drawing.maybe(), rate=drawing.maybe()))
    if drawing.rarely():
        found.append("counter")
    if action is Action.ACCEPT and through and (drawing.known or drawing.maybe()):
        found.append("offload")
    elif action is Action.ACCEPT and not matches and drawing.sometimes():
        found.append(f"helper {drawing.draw(HELPER)}")
    return found


def _operand(drawing: Drawing, zone: str, version: int) -> str:
    """Addresses in a zone, or outside of it."""
    links = drawing.zones.get(zone, [link for link in drawing.links if link.nets])
    machines = [one for one in drawing.machines if one.link in links]
    nets = [net for link in links for net in link.nets if net.version == version]
    choices = [str(net) for net in nets] + [host_of(net, 20) for net in nets]
    choices += [f"{host_of(net, 16)}-{host_of(net, 47)}" for net in nets]
    choices += [one.name for one in machines if any((":" in a) == (version == 6) for a in one.addresses)]
    choices.append("198.51.100.0/24" if version == 4 else "2001:db8:5::/48")
    if drawing.names.get(version) and drawing.rarely():
        return drawing.names[version]
    picked = drawing.draw(st.lists(st.sampled_from(choices), min_size=1, max_size=2, unique=True))
    text = picked[0] if len(picked) == 1 else "{" + ", ".join(picked) + drawing.one(("}", "}", ",}"))
    return f"not {text}" if drawing.rarely() else text
