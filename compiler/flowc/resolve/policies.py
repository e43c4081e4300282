"""Policies and their rules."""

from __future__ import annotations

from collections.abc import Sequence

from flowc.diagnostics import Diagnostics, fixes
from flowc.ir.addresses import FAMILIES, AddressSet, Family
from flowc.ir.helpers import HELPERS
from flowc.ir.nat import Nat
from flowc.ir.policy import (
    ANY,
    LOG_RATE,
    SELF,
    Action,
    Connections,
    Icmp,
    Limit,
    Log,
    Policy,
    Ports,
    Protocol,
    Rate,
    Rule,
    Traffic,
)
from flowc.resolve import codes, operands, values
from flowc.resolve.context import Context
from flowc.syntax import tree

LOG_PREFIX_BYTES = 125
"""NF_LOG_PREFIXLEN is 128 with the final NUL; flowc adds `: `."""


def policy(node: tree.Policy, context: Context) -> None:
    """A policy with those of its rules that are right."""
    ends = [end_of(name, context) for name in (node.source, node.target)]
    if node.source.text == SELF and node.target.text == SELF:
        context.diagnostics.report(codes.BAD_PAIR, "the host does not forward from itself to itself", node.target.span)
        return
    rules = [rule(one, context) for one in node.rules]
    if None in ends:
        return
    found = Policy(
        source=node.source.text,
        target=node.target.text,
        rules=tuple(one for one in rules if one is not None),
        datapath=values.taker(node.datapath),
        span=node.source.span.to(node.target.span),
    )
    context.policies.append(found)


def end_of(name: tree.Name, context: Context) -> str | None:
    """A zone, `self` or `any`."""
    if name.text in (SELF, ANY):
        return name.text
    found = context.scope.find(name, tree.Zone)
    return found.name.text if found else None


def duplicate_policies(context: Context) -> None:
    """One policy for each pair of zones."""
    duplicate_pairs("policies", context.policies, context.diagnostics)


def duplicate_pairs(what: str, blocks: Sequence[Policy | Nat], diagnostics: Diagnostics) -> None:
    """Policies, or nat blocks, of one pair of zones."""
    seen: dict[tuple[str, str], Policy | Nat] = {}
    for one in blocks:
        first = seen.setdefault((one.source, one.target), one)
        if first is not one:
            diagnostics.report(
                codes.DUPLICATE_PAIR,
                f"there are two {what} {one.source} -> {one.target}",
                one.span,
                related=[(first.span, "the first one")],
                help="write all rules of a pair into one block: their order decides",
            )


def rule(node: tree.Rule, context: Context) -> Rule | None:
    """One rule of a policy; None after a report."""
    diagnostics = context.diagnostics
    clauses = _clauses(node, diagnostics)
    traffic = operands.traffic(node.matches, context)
    source, good_source = _operand(clauses.get("from"), context)
    destination, good_destination = _operand(clauses.get("to"), context)
    limit, connections = (
        _limit(clauses.get("limit"), diagnostics),
        _connections(clauses.get("connections"), diagnostics),
    )
    log = _log(clauses.get("log"), node, diagnostics)
    helper = clauses.get("helper")
    for key in ("offload", "helper", "connections"):
        if key in clauses and node.action.text != "accept":
            diagnostics.report(
                codes.CLAUSE_NOT_ALLOWED,
                f"`{key}` is for rules that accept",
                clauses[key].span,
                related=[(node.action.span, f"this rule says `{node.action.text}`")],
            )
    name = helper.values[0] if helper else None
    if isinstance(name, tree.Name):
        _known_helper(name, traffic, diagnostics)
    if traffic is None or not good_source or not good_destination:
        return None
    found = Rule(
        action=Action(node.action.text),
        traffic=tuple(traffic),
        source=source,
        source_span=clauses["from"].span if source else None,
        destination=destination,
        destination_span=clauses["to"].span if destination else None,
        via_eip="via" in clauses,
        limit=limit,
        connections=connections,
        log=log,
        counter="counter" in clauses,
        offload="offload" in clauses,
        helper=name.text if isinstance(name, tree.Name) else None,
        span=node.span,
    )
    if not families(found):
        diagnostics.report(
            codes.NO_COMMON_FAMILY,
            "this rule matches nothing: its parts are of different IP families",
            node.span,
            related=[(clauses[key].span, "") for key in ("from", "to") if key in clauses],
        )
        return None
    return found


def families(one: Rule) -> tuple[Family, ...]:
    """The families whose packets can match."""

    def possible(family: Family) -> bool:
        sets: list[AddressSet] = [operand for operand in (one.source, one.destination) if operand is not None]
        if not all(family in operand.families for operand in sets):
            return False
        return not one.traffic or any(_on(family, traffic) for traffic in one.traffic)

    return tuple(family for family in FAMILIES if possible(family))


def _on(family: Family, traffic: Traffic) -> bool:
    return not isinstance(traffic, Icmp) or traffic.family in (None, family)


def _clauses(node: tree.Rule, diagnostics: Diagnostics) -> dict[str, tree.Clause]:
    found: dict[str, tree.Clause] = {}
    for clause in node.clauses:
        first = found.setdefault(clause.key.text, clause)
        if first is not clause:
            same = first.span.text == clause.span.text
            diagnostics.report(
                codes.REPEATED_OPTION,
                f"`{clause.key.text}` is given twice",
                clause.span,
                related=[(first.span, "first given here")],
                help="for several addresses write a set: `{A, B}`" if clause.key.text in ("from", "to") else None,
                fix=fixes.remove_word("remove the second one", clause.span) if same else None,
            )
    return found


def _operand(clause: tree.Clause | None, context: Context) -> tuple[AddressSet | None, bool]:
    """The addresses, None for any; and whether they could be read."""
    if clause is None or clause.values[0] is None:
        return None, True
    operand = clause.values[0]
    if isinstance(operand, tree.Name) and operand.text == ANY:
        return None, True
    found = operands.address_set(operand, context)
    return found, found is not None


def _known_helper(name: tree.Name, traffic: Sequence[Traffic] | None, diagnostics: Diagnostics) -> None:
    """Report a helper that does not exist, and one that reads another protocol than those of the rule."""
    if name.text not in HELPERS:
        diagnostics.report(
            codes.UNKNOWN_NAME,
            f"there is no conntrack helper `{name.text}`",
            name.span,
            help="helpers are: " + ", ".join(HELPERS),
        )
        return
    read = {helper.protocol for helper in HELPERS[name.text]}
    numbers = {{"tcp": 6, "udp": 17}[protocol] for protocol in read}
    for one in traffic or ():
        if (isinstance(one, Ports) and one.protocol in read) or (isinstance(one, Protocol) and one.number in numbers):
            return
    if traffic:
        diagnostics.report(
            codes.CLAUSE_NOT_ALLOWED,
            f"the helper `{name.text}` reads {' and '.join(sorted(read))}, which this rule does not admit",
            name.span,
        )


def _rate(
    rate: tree.Value | None, unit: tree.Value | None, burst: tree.Value | None, diagnostics: Diagnostics
) -> Rate | None:
    assert rate is not None
    assert isinstance(unit, tree.Name)
    count = values.number(rate, 1, 2**32 - 1, "rate", diagnostics)
    packets = None if burst is None else values.burst(burst, count, unit.text, diagnostics)
    return None if count is None else Rate.model_validate({"rate": count, "unit": unit.text, "burst": packets})


def _limit(clause: tree.Clause | None, diagnostics: Diagnostics) -> Limit | None:
    if clause is None:
        return None
    rate, unit, burst, source = clause.values
    found = _rate(rate, unit, burst, diagnostics)
    if found is None:
        return None
    return Limit(**found.model_dump(), per_source=source is not None, span=clause.span)


def _connections(clause: tree.Clause | None, diagnostics: Diagnostics) -> Connections | None:
    if clause is None:
        return None
    number, source = clause.values
    assert number is not None
    count = values.number(number, 1, 2**32 - 1, "number of connections", diagnostics)
    return None if count is None else Connections(count=count, per_source=source is not None, span=clause.span)


def _log(clause: tree.Clause | None, node: tree.Rule, diagnostics: Diagnostics) -> Log | None:
    if clause is None:
        return None
    text, *given = clause.values or (None,)
    prefix: str | None = node.action.text
    if isinstance(text, tree.String):
        prefix = values.printable(text, LOG_PREFIX_BYTES, "log prefix", diagnostics)
    rate: Rate | None = LOG_RATE
    if given:
        count, unit, burst = given
        rate = _rate(count, unit, burst, diagnostics)
    return None if prefix is None or rate is None else Log(prefix=prefix, rate=rate, span=clause.span)
