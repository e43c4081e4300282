"""What a check is: a pure function from a host, or from the whole network, to findings, and the code it reports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from flowc.diagnostics import Code, Diagnostics
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


AnyCheck: TypeAlias = Check | NetworkCheck
