"""Rules that no packet reaches, because earlier rules of the policy do something else with all that would fit them."""

from __future__ import annotations

from flowc.analysis.dead import Dead, dead_rules, differences
from flowc.checks.base import NetworkCheck
from flowc.checks.zones.address_not_in_zone import operands_of_nobody
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.network import Network
from flowc.ir.policy import Action, Rule

CODE = register(
    "FC209",
    "shadowed-rule",
    Severity.WARNING,
    "The first rule that matches decides. Every packet that this rule could match is decided by rules before it, and not "
    "in the way that this rule says: what it should accept is dropped, what it should drop is accepted, or what it says "
    "besides (`offload`, `log`, `limit`, ...) never happens. All addresses, protocols and ports are looked at exactly; a "
    "rule with a `limit` or `connections` covers nothing, since what is beyond goes on to the next rule.",
)

DOES = {Action.ACCEPT: "accepts", Action.DROP: "drops", Action.REJECT: "rejects"}
MOST_RELATED = 4


def run(network: Network, diagnostics: Diagnostics) -> None:
    """Report each such rule with those that get its packets."""
    for dead in unexplained(network):
        if dead.contradicted or not dead.takers:
            more = len(dead.takers) - MOST_RELATED
            diagnostics.report(
                CODE,
                "no packet reaches this rule" if dead.takers else "no packet fits this rule",
                dead.rule.span,
                related=[(taker.span, _label(taker, dead)) for taker in dead.takers[:MOST_RELATED]],
                notes=[f"and {more} more rules before it"] if more > 0 else (),
                help="the first match decides: move it up, or remove it" if dead.takers else None,
            )


def unexplained(network: Network) -> list[Dead]:
    """The rules that no packet reaches, without those that name only addresses which are not in their zone (FC211)."""
    found = dead_rules(network)
    of_nobody = operands_of_nobody(network) if found else set()
    return [dead for dead in found if of_nobody.isdisjoint((dead.rule.source_span, dead.rule.destination_span))]


def _label(taker: Rule, dead: Dead) -> str:
    """What a rule does with the packets, and where that is no other action, what it does otherwise."""
    text = f"{DOES[taker.action]} {'all' if len(dead.takers) == 1 else 'some'} of it"
    if taker.action is not dead.rule.action:
        return text
    other = [f"{_manner(taker, dead.rule, clause)} `{clause}`" for clause in differences(dead.rule, taker)]
    return f"{text} {' and '.join(other)}".rstrip()


def _manner(taker: Rule, rule: Rule, clause: str) -> str:
    if not getattr(taker, clause):
        return "without"
    return "with another" if getattr(rule, clause) else "with"


CHECK = NetworkCheck(
    CODE,
    run,
    bad="""
interface lan { device eth1; address 10.0.0.1/24 }
interface wan { device eth0; address 192.0.2.1/24 }
zone inside { interface lan }
zone internet { interface wan }
policy inside -> self { accept tcp 22 }
policy internet -> inside {
    drop tcp 1-1023
    accept tcp 8080
    accept tcp 443 to 10.0.0.80
}
""",
    good="""
interface lan { device eth1; address 10.0.0.1/24 }
interface wan { device eth0; address 192.0.2.1/24 }
zone inside { interface lan }
zone internet { interface wan }
policy inside -> self { accept tcp 22 }
policy internet -> inside {
    accept tcp 443 to 10.0.0.80
    drop tcp 1-1023
    accept tcp 8080
}
""",
)
