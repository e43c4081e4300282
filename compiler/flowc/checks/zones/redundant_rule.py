"""Rules that say again what earlier rules of the policy say already."""

from __future__ import annotations

from flowc.checks.base import NetworkCheck
from flowc.checks.zones.shadowed_rule import DOES, MOST_RELATED, unexplained
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.network import Network

CODE = register(
    "FC210",
    "redundant-rule",
    Severity.WARNING,
    "Rules before this one do with every packet that it could match exactly what it would do. It can be removed; or it was "
    "meant to be narrower or wider than they are, and one of them admits more than its author thought. A rule at the end "
    "that drops what would be dropped anyhow is not reported.",
)


def run(network: Network, diagnostics: Diagnostics) -> None:
    """Report each such rule with those that get its packets."""
    for dead in unexplained(network):
        if dead.takers and not dead.contradicted:
            part = "all" if len(dead.takers) == 1 else "some"
            more = len(dead.takers) - MOST_RELATED
            diagnostics.report(
                CODE,
                "this rule adds nothing to those before it",
                dead.rule.span,
                related=[
                    (taker.span, f"{DOES[taker.action]} {part} of it already") for taker in dead.takers[:MOST_RELATED]
                ],
                notes=[f"and {more} more rules before it"] if more > 0 else (),
                help="remove it, or make the earlier rules narrower",
            )


CHECK = NetworkCheck(
    CODE,
    run,
    bad="""
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { interface lan }
policy inside -> self {
    accept tcp {22, 53}, udp 53
    accept tcp 22 from 10.0.0.9
}
""",
    good="""
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { interface lan }
policy inside -> self {
    accept tcp 53, udp 53
    accept tcp 22 from 10.0.0.9
}
""",
)
