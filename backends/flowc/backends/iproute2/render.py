"""Print what `ip` has to do, in an order that works from an empty host and opens no hole on a running one.

The file has two parts, because the flowtable in ruleset.nft can only name devices that exist, and no device may come
up before the ruleset is there: first the devices are made, and stay down; then all the rest.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from flowc.backends.iproute2 import links, routing
from flowc.backends.script import Script, one_line
from flowc.hoststate import LinkKind
from flowc.hoststate.routing import onlink_rule

if TYPE_CHECKING:
    from flowc.hoststate import HostState, NetworkState
    from flowc.hoststate.routing import Family
    from flowc.source import Span

AFTER_RULESET = "---- from here on: after ruleset.nft is loaded ----"
"""The comment between the two parts; apply.sh splits the file there."""

IPV6_PREFIX = "#-6 "
"""A line of `ip -batch` cannot choose the family of a rule, so those of IPv6 stand behind this and are left to apply.sh."""


def render(state: HostState, *, provenance: bool = True) -> str:
    """The text of `ip.batch`."""
    script = Script(provenance)
    script.comment(f"links, addresses, routes, rules and neighbours of {one_line(state.host)}, for: ip -batch ip.batch")
    _create(script, state)
    script.section(AFTER_RULESET)
    _rules(script, state)
    _activate(script, state)
    _routes_and_neighbors(script, state)
    return script.text()


def _create(script: Script, state: HostState) -> None:
    """Make devices, and give all their MAC and MTU: a tunnel takes its MTU from the device below when it is made."""
    if state.links:
        script.section("devices: those that flowc makes are still down")
    made: set[str] = set()
    for link in state.links:
        if link.created and link.device not in made:  # the second end of a veth pair comes with the first
            script.command(links.creation(link), link.span)
            made.update(name for name in (link.device, link.peer) if name is not None)
        if link.created:
            script.command(links.claim(link), link.span)
        settings = links.properties(link)
        if settings is not None:
            script.command(settings, link.span)


def _rules(script: Script, state: HostState) -> None:
    """Rules and the routes that forward nothing: they narrow what is reachable, so they come before the devices."""
    barriers = [row for row in state.routes if not row.nexthops]
    if barriers:
        script.section("what has no route in its own table must not be looked up in the next one")
    onlink = onlink_rule(state.addresses)
    for row in barriers:
        script.command(routing.route(row, onlink), row.span)
    rules = {family: [rule for rule in state.rules if rule.family == family] for family in (4, 6)}
    if rules[4]:
        script.section("rules")
    for rule in rules[4]:
        script.command(routing.rule(rule), rule.span)
    if state.local_rule_last:
        script.section(
            "local addresses behind the VRF lookup, else a tenant reaches those of all others; in this order"
        )
        _local_rule_last(script, state, prefix="")
    six = 6 in rule_families(state)
    if six:
        script.section("the rules of IPv6: a batch cannot say -6 on one line, apply.sh gives these to ip -6 -batch")
    for rule in rules[6]:
        script.command(IPV6_PREFIX + routing.rule(rule), rule.span)
    if six and state.local_rule_last:
        _local_rule_last(script, state, prefix=IPV6_PREFIX)


def _local_rule_last(script: Script, state: HostState, prefix: str) -> None:
    span = _first_vrf(state)
    script.command(f"{prefix}rule add pref 32765 table local protocol {routing.PROTOCOL}", span)
    script.command(f"{prefix}rule del pref 0", span)


def _first_vrf(state: HostState) -> Span | None:
    """What the order of the local rule is for, and so where it comes from."""
    return next((link.span for link in state.links if link.kind is LinkKind.VRF), None)


def _activate(script: Script, state: HostState) -> None:
    if state.links:
        script.section("devices: into their VRF or bridge, and up")
    for link in state.links:
        script.command(links.activation(link), link.span)


def _routes_and_neighbors(script: Script, state: HostState) -> None:
    if len(state.addresses):
        script.section("addresses: behind the enslaving, which takes those of IPv6 away")
    for address in state.addresses:
        script.command(routing.address(address), address.span)
    leading = [row for row in state.routes if row.nexthops]
    if leading:
        script.section("routes: those without a gateway first, gateways are looked up in them")
    onlink = onlink_rule(state.addresses)
    direct = [row for row in leading if all(hop.gateway is None for hop in row.nexthops)]
    routed = [row for row in leading if any(hop.gateway is not None for hop in row.nexthops)]
    for row in chain(direct, routed):
        script.command(routing.route(row, onlink), row.span)
    if len(state.neighbors):
        script.section("neighbours")
    for neighbor in state.neighbors:
        script.command(routing.neighbor(neighbor), neighbor.span)


def rule_families(state: NetworkState) -> tuple[Family, ...]:
    """Those whose rules are set, the local one with them."""
    six = any(rule.family == 6 for rule in state.rules) or (state.local_rule_last and uses_ipv6(state))
    return (4, 6) if six else (4,)


def uses_ipv6(state: NetworkState) -> bool:
    """True if the file declares anything of IPv6.

    Unreachable routes and rules stand for both families wherever there is a VRF and declare nothing: a host that has
    IPv6 switched off can do without them.
    """
    return (
        any(link.kind in (LinkKind.IP6GRE, LinkKind.IP6GRETAP) for link in state.links)
        or 6 in state.addresses.column("family")
        or 6 in state.neighbors.column("family")
        or any(row.family == 6 and row.kind == "unicast" for row in state.routes)
    )
