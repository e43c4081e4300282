"""Test blocks are read and not run."""

from __future__ import annotations

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.network import Host

CODE = register(
    "FC902",
    "tests-not-run",
    Severity.NOTE,
    "The file has test blocks. Their names and addresses are checked, but this version of flowc has no command that "
    "runs them.",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Say so once, at the first test block."""
    if host.tests:
        count = len(host.tests)
        what = "1 test block is" if count == 1 else f"{count} test blocks are"
        diagnostics.report(CODE, f"{what} not run by this version of flowc", min(host.tests, key=lambda s: s.start))


CHECK = Check(
    CODE,
    run,
    bad="""
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { interface lan }
test "ssh" { tcp 10.0.0.5:40000 -> 10.0.0.1:22 from inside; expect drop }
""",
    good="""
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { interface lan }
""",
)
