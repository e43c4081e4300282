"""Policies: one chain each, with an nft rule for each kind of match that nft cannot put into one."""

from __future__ import annotations

from dataclasses import replace

from flowc.hoststate.rules import (
    AddressMatch,
    FilterRule,
    IcmpMatch,
    PolicyChain,
    PortMatch,
    ProtocolMatch,
    RuleChain,
    TrafficMatch,
    Verdict,
)
from flowc.ir.addresses import FAMILIES, AddressSet, Family, format_range
from flowc.ir.icmp import ICMP_TYPES, ICMPV6_TYPES
from flowc.ir.policy import Icmp, Policy, Ports, Protocol, Rule
from flowc.lower import names
from flowc.lower.nft.clauses import Clauses

PROTOCOL_NAMES = {1: "icmp", 6: "tcp", 17: "udp", 47: "gre", 50: "esp", 51: "ah", 58: "ipv6-icmp", 132: "sctp"}
"""nft prints these numbers as names (/etc/protocols)."""


def chain_name(policy: Policy) -> str:
    """The nft chain of a policy."""
    return names.chain("policy", policy.source, policy.target)


def policy_chain(policy: Policy, *, offload: bool) -> tuple[PolicyChain, list[RuleChain]]:
    """The chain of a policy, and those of its rules that need one of their own."""
    rules: list[FilterRule] = []
    chains: list[RuleChain] = []
    for number, rule in enumerate(policy.rules, 1):
        found, own = _rule(rule, (policy.source, policy.target, str(number)), offload=offload)
        rules += found
        chains += [own] if own else []
    return PolicyChain(chain_name(policy), tuple(rules), policy.span), chains


def _rule(rule: Rule, place: tuple[str, ...], *, offload: bool) -> tuple[list[FilterRule], RuleChain | None]:
    """One nft rule for each kind of match that nft cannot put into one: never one for each address or port."""
    mark = (rule.offload if offload else None) if rule.action == "accept" else None
    matches = _matches(rule)
    clauses = Clauses(rule, place, lines=len(matches))
    effect = FilterRule(Verdict(rule.action.value), rule.span)
    effect = replace(effect, helpers=clauses.helpers(), offload=mark, log=clauses.log(), counter=rule.counter)
    lines = [
        replace(
            FilterRule(effect.verdict, rule.span, chain=clauses.own_chain) if clauses.own_chain else effect,
            family=family,
            traffic=traffic,
            source=_addresses(rule.source, family),
            destination=_addresses(rule.destination, family),
            translated=rule.via_eip,
            connections=clauses.connections(family),
            limit=clauses.limit(family),
        )
        for family, traffic in matches
    ]
    return lines, RuleChain(clauses.own_chain, effect) if clauses.own_chain else None


def _addresses(operand: AddressSet | None, family: Family | None) -> AddressMatch | None:
    if operand is None or family is None:
        return None
    return AddressMatch(family, tuple(format_range(family, *one) for one in operand.ranges(family)), operand.negated)


def _matches(rule: Rule) -> list[tuple[Family | None, TrafficMatch | None]]:
    """Families and traffic of the nft rules; family None is both in one rule, where no address is looked at."""
    operands = [operand for operand in (rule.source, rule.destination) if operand is not None]
    apart = bool(operands) or any(clause and clause.per_source for clause in (rule.limit, rule.connections))
    families = [family for family in FAMILIES if all(family in operand.families for operand in operands)]
    result: list[tuple[Family | None, TrafficMatch | None]] = []
    both: list[Family | None] = list(families) if apart else [None]
    if not rule.traffic:
        return [(family, None) for family in both]
    ports = [one for one in rule.traffic if isinstance(one, Ports)]
    whole = [one.protocol for one in ports if not one.ports] + [
        PROTOCOL_NAMES.get(one.number, str(one.number)) for one in rule.traffic if isinstance(one, Protocol)
    ]
    if not apart and any(isinstance(one, Icmp) and one.type is None and one.family is None for one in rule.traffic):
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
