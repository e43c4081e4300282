"""The test blocks of files by real packets: what is compiled is loaded in network namespaces, which are made for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from flowc.api import compile_files, write_directory
from flowc.backends.files import host_folder
from flowc.syntax.load import Read, read_file
from flowc.testbed.agreement import Disagreement, judge
from flowc.testbed.bed import Testbed
from flowc.trace.testing.judge import Result, TestRun


def run_by_kernel(
    paths: Iterable[str | Path],
    host: str | None = None,
    chosen: Callable[[str], bool] = lambda _name: True,
    read: Read = read_file,
) -> tuple[TestRun, Mapping[str, tuple[Disagreement, ...]]]:
    """As `flowc.api.test_files`; and where the trace says other than the kernel does.

    Raises OSError for a file that cannot be read, UnknownHostError, and TestbedError for what the kernel cannot do.
    """
    compiled = compile_files(paths, host, read=read)
    results: dict[str, tuple[Result, ...]] = {}
    disagreements: dict[str, tuple[Disagreement, ...]] = {}
    for name, state in compiled.states.items():
        (one,) = (each for each in compiled.network.hosts if each.name == name)
        tests = [test for test in one.tests if chosen(test.name)]
        results[name] = ()
        if not tests:
            continue
        with TemporaryDirectory() as folder, Testbed(one) as bed:
            write_directory({name: state}, folder)
            bed.load(Path(folder) / host_folder(name))
            results[name], disagreements[name] = judge(bed, one, tests)
    return TestRun(compiled.diagnostics, results), disagreements
