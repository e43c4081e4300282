"""What a check is: a pure function from the network to findings, and the code it reports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flowc.diagnostics import Code, Diagnostics
from flowc.ir.network import Host, Network


@dataclass(frozen=True, slots=True)
class Check:
    """One check: it looks at one host at a time, and may look at the others for comparison.

    `bad` and `good` are complete small files: the first must be reported with this code, the second must not. They are
    the check's tests, and its documentation.
    """

    code: Code
    run: Callable[[Host, Network, Diagnostics], None]
    bad: str
    good: str
