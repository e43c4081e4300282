"""The trace says of what was once found what the kernel does."""

from pathlib import Path

import pytest
from tests.agreement.findings import FINDINGS, Finding
from tests.quick.trace.asking import host_of

from flowc.trace.engine import trace


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda one: one.name)
def test_the_trace_says_what_was_found(finding: Finding, tmp_path: Path) -> None:
    found = trace(host_of(finding.text, tmp_path), finding.entry, finding.packet)
    assert (found.verdict, found.answered) == (finding.verdict, finding.answered)
