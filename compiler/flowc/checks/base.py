"""What a check is: a pure function from a host to findings, and the code it reports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flowc.diagnostics import Code, Diagnostics
from flowc.ir.network import Host


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
