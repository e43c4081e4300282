"""Policies: one chain each, found by device or pair of devices in a verdict map."""

from __future__ import annotations

from itertools import product
from operator import itemgetter

from flowc.hoststate.nft import (
    AddressMatch,
    ByFamily,
    Dispatch,
    FilterRule,
    IcmpMatch,
    NftSet,
    PolicyChain,
    PortMatch,
    ProtocolMatch,
    RateLimit,
    TrafficMatch,
    Verdict,
    by_family,
)
from flowc.ir.addresses import FAMILIES, AddressSet, Family, format_address, format_range
from flowc.ir.icmp import ICMP_TYPES, ICMPV6_TYPES
from flowc.ir.links import Tunnel
from flowc.ir.policy import SELF, Icmp, Policy, Ports, Protocol, Rule
from flowc.lower import names
from flowc.lower.topology import Topology
from flowc.source import Span

PROTOCOL_NAMES = {1: "icmp", 6: "tcp", 17: "udp", 47: "gre", 50: "esp", 51: "ah", 58: "ipv6-icmp", 132: "sctp"}
"""nft prints these numbers as names (/etc/protocols)."""


def policy_for(topology: Topology, source: str, target: str) -> Policy | None:
    """The policy of a pair of zones, or of a zone and `self`."""
    return topology.policies.get((source, target))


def chain_name(policy: Policy) -> str:
    """The nft chain of a policy."""
    return names.chain("policy", policy.source, policy.target)


def dispatch(topology: Topology, *, offload: bool) -> Dispatch:
    """The verdict maps and the chains they lead to."""
    zones = sorted(topology.host.zones)
    forward = NftSet("forward_policies", "iifname . oifname", "verdict")
    for (source, target), policy in sorted(topology.policies.items(), key=itemgetter(0)):
        if SELF in (source, target):
            continue
        for incoming, outgoing in product(topology.devices(source), topology.devices(target)):
            forward.add(f'"{incoming}" . "{outgoing}"', policy.span, f"goto {chain_name(policy)}")
    incoming_map = NftSet("input_policies", "iifname", "verdict")
    outgoing_map = NftSet("output_policies", "oifname", "verdict")
    for zone in zones:
        into, out = policy_for(topology, zone, SELF), policy_for(topology, SELF, zone)
        for device in topology.devices(zone):
            span = into.span if into else topology.host.zones[zone].span
            incoming_map.add(f'"{device}"', span, f"goto {chain_name(into)}" if into else "drop")
            if out:
                outgoing_map.add(f'"{device}"', out.span, f"goto {chain_name(out)}")
    chains = tuple(
        _chain(policy, offload=offload and SELF not in (policy.source, policy.target))
        for policy in sorted(topology.host.policies, key=lambda one: (one.source, one.target))
    )
    return Dispatch(
        forward=forward,
        input=incoming_map,
        output=outgoing_map,
        chains=chains,
        tunnel_peers=_tunnel_peers(topology),
        dhcp=tuple(sorted(one.device for one in topology.zoned() if one.dhcp)),
    )


def _tunnel_peers(topology: Topology) -> ByFamily:
    peers = by_family("tunnel_peers", "{ip} saddr . {ip} daddr")
    found: dict[tuple[Family, int, int], Span] = {}
    for interface in topology.host.interfaces.values():
        link = interface.link
        if isinstance(link, Tunnel) and link.local is not None and link.remote is not None:
            family = link.kind.outer_family
            found.setdefault((family, link.remote, link.local), interface.span)
    for (family, remote, local), span in sorted(found.items(), key=lambda item: item[0]):
        peers.of(family).add(f"{format_address(family, remote)} . {format_address(family, local)}", span)
    return peers


def _chain(policy: Policy, *, offload: bool) -> PolicyChain:
    rules = [lowered for rule in policy.rules for lowered in _rule(rule, offload=offload)]
    return PolicyChain(chain_name(policy), tuple(rules), policy.span)


def _rule(rule: Rule, *, offload: bool) -> list[FilterRule]:
    """One nft rule for each kind of match that nft cannot put into one: never one for each address or port."""
    mark = (rule.offload if offload else None) if rule.action == "accept" else None
    result = []
    for family, traffic in _matches(rule):
        result.append(
            FilterRule(
                verdict=Verdict(rule.action.value),
                span=rule.span,
                family=family,
                traffic=traffic,
                source=_addresses(rule.source, family),
                destination=_addresses(rule.destination, family),
                translated=rule.via_eip,
                limit=RateLimit(rule.limit.rate, rule.limit.unit, rule.limit.burst) if rule.limit else None,
                log=rule.log.prefix if rule.log else None,
                counter=rule.counter,
                offload=mark,
            )
        )
    return result


def _addresses(operand: AddressSet | None, family: Family | None) -> AddressMatch | None:
    if operand is None or family is None:
        return None
    return AddressMatch(family, tuple(format_range(family, *one) for one in operand.ranges(family)), operand.negated)


def _matches(rule: Rule) -> list[tuple[Family | None, TrafficMatch | None]]:
    """Families and traffic of the nft rules; family None is both in one rule, where no address tells them apart."""
    operands = [operand for operand in (rule.source, rule.destination) if operand is not None]
    families = [family for family in FAMILIES if all(family in operand.families for operand in operands)]
    result: list[tuple[Family | None, TrafficMatch | None]] = []
    both: list[Family | None] = [None] if not operands else list(families)
    if not rule.traffic:
        return [(family, None) for family in both]
    ports = [one for one in rule.traffic if isinstance(one, Ports)]
    whole = [one.protocol for one in ports if not one.ports] + [
        PROTOCOL_NAMES.get(one.number, str(one.number)) for one in rule.traffic if isinstance(one, Protocol)
    ]
    if not operands and any(isinstance(one, Icmp) and one.type is None and one.family is None for one in rule.traffic):
        whole += ["icmp", "ipv6-icmp"]
    numbered = tuple((one.protocol, low, high) for one in ports for low, high in one.ports)
    if numbered:
        result += [(family, PortMatch(numbered)) for family in both]
    if whole:
        result += [(family, ProtocolMatch(tuple(whole))) for family in both]
    for family in families:
        match = _icmp(rule, family, given="icmp" in whole)
        result += [(family, match)] if match else []
    return result


def _icmp(rule: Rule, family: Family, *, given: bool) -> TrafficMatch | None:
    """The ICMP part of a rule for one family; `given`: a rule for both families holds all types already."""
    wanted = [one for one in rule.traffic if isinstance(one, Icmp) and one.family in (None, family)]
    if not wanted or given:
        return None
    if any(one.type is None for one in wanted):
        return ProtocolMatch(("icmp" if family == 4 else "ipv6-icmp",))
    known = ICMP_TYPES if family == 4 else ICMPV6_TYPES
    types = tuple(one.type for one in wanted if one.type is not None and one.type in known)
    return IcmpMatch(family, types) if types else None
