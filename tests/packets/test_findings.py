"""The kernel does with what was once found what the trace says."""

from itertools import groupby
from pathlib import Path

import pytest
from tests.agreement.findings import FINDINGS, Finding

from flowc.api import compile_files, write_directory
from flowc.backends.files import host_folder
from flowc.testbed.agreement import differences
from flowc.testbed.bed import Testbed
from flowc.trace.engine import trace

FILES = [list(found) for _, found in groupby(FINDINGS, key=lambda one: one.text)]


@pytest.mark.parametrize("findings", FILES, ids=lambda found: found[0].name)
def test_the_kernel_does_what_was_found(findings: list[Finding], tmp_path: Path) -> None:
    file = tmp_path / "gw.flow"
    file.write_text(findings[0].text)
    result = compile_files([file])
    write_directory(result.states, tmp_path)
    (host,) = result.network.hosts
    with Testbed(host) as bed:
        bed.load(tmp_path / host_folder(host.name))
        seen = bed.send([(one.entry, one.packet) for one in findings])
    wrong = {}
    for finding, one in zip(findings, seen, strict=True):
        told = differences(trace(host, finding.entry, finding.packet), one)
        heard = one.verdict is finding.verdict or not finding.answered
        if told or not heard:
            wrong[finding.name] = (told, one)
    assert not wrong
