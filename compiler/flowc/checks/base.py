"""What a check is: a pure function from a host, from the whole network, or from a host and the facts of the machine it
is for, to findings; and the code it reports.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from flowc.diagnostics import Code, Diagnostics
from flowc.facts import Index
from flowc.ir.network import Host, Network


@dataclass(frozen=True, slots=True)
class Check:
    """One check: it looks at one host at a time.

    `bad` and `good` are complete small files: the first must be reported with this code, the second must not. They are
    the check's tests, and its documentation.
    """

    code: Code
    run: Callable[[Host, Diagnostics], None]
    bad: str
    good: str

    def look_at(self, network: Network, diagnostics: Diagnostics) -> None:
        for host in network.hosts:
            self.run(host, diagnostics)


@dataclass(frozen=True, slots=True)
class NetworkCheck:
    """A check of what hosts are to each other: it looks at all of them together. The rest is as for `Check`."""

    code: Code
    run: Callable[[Network, Diagnostics], None]
    bad: str
    good: str

    def look_at(self, network: Network, diagnostics: Diagnostics) -> None:
        self.run(network, diagnostics)


@dataclass(frozen=True, slots=True)
class FactsCheck:
    """A check of a host against what the machine is and has: it runs where facts are given, and what they leave out it
    takes for fine. The rest is as for `Check`.
    """

    code: Code
    run: Callable[[Host, Index, Diagnostics], None]
    bad: str
    good: str
    facts: str
    """The facts that `bad` is reported with: a whole document, as text."""
    good_facts: str = ""
    """Those that `good` is fine with, where they are others."""

    def look_at(self, network: Network, facts: Mapping[str, Index], diagnostics: Diagnostics) -> None:
        """Run it for the hosts that facts are given of. Each finding says of whom, and of when, the facts are."""
        for host in network.hosts:
            if host.name not in facts:
                continue
            found = Diagnostics()
            self.run(host, facts[host.name], found)
            origin = facts[host.name].origin(host.name, alone=len(network.hosts) == 1)
            for finding in found.items:
                diagnostics.items[replace(finding, notes=(*finding.notes, *origin))] = None


AnyCheck: TypeAlias = Check | NetworkCheck | FactsCheck
