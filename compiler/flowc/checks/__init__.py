"""Checks: what is wrong or surprising with a network whose every name and value is fine by itself.

A check is one file with its code, its explanation and two examples, in the package of what it is about, and one line in
that package's `CHECKS`.
"""

from __future__ import annotations

from collections.abc import Mapping

from flowc.checks import host, links, live, neighbors, not_yet, offload, routes, translation, zones
from flowc.checks.base import AnyCheck, Check, FactsCheck, NetworkCheck
from flowc.diagnostics import Code, Diagnostics
from flowc.facts import Facts, Index
from flowc.ir.network import Network

CHECKS: tuple[AnyCheck, ...] = (
    *zones.CHECKS,
    *translation.CHECKS,
    *links.CHECKS,
    *routes.CHECKS,
    *neighbors.CHECKS,
    *offload.CHECKS,
    *host.CHECKS,
    *live.CHECKS,
    *not_yet.CHECKS,
)


OF_FACTS: frozenset[Code] = frozenset(one.code for one in CHECKS if isinstance(one, FactsCheck))
"""What is found only where facts are given, and they say enough."""


def check(network: Network, diagnostics: Diagnostics, facts: Mapping[str, Facts] | None = None) -> None:
    """Run every check; those that need facts for the hosts that there are some of, by name.

    A network with errors is incomplete, so then there is nothing to add.
    """
    if diagnostics.has_errors:
        return
    indexes = {host: Index(found) for host, found in (facts or {}).items()}
    for one in CHECKS:
        if isinstance(one, FactsCheck):
            one.look_at(network, indexes, diagnostics)
        else:
            one.look_at(network, diagnostics)


__all__ = ["CHECKS", "OF_FACTS", "AnyCheck", "Check", "FactsCheck", "NetworkCheck", "check"]
