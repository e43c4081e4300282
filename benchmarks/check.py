"""What large files cost to analyse, stage by stage and check by check: `.venv/bin/python benchmarks/check.py [--rows N]`.

The gateway of `gateway.py` with N EIPs and, on other public addresses, N port forwards, as statements and as CSV tables;
and the tenants of `tenants.py` with N rows of each kind. For a tenth of N and for N side by side. `growth` is by how much the time grew for ten times the rows, and
below the title stands what n log n makes of it. Exit status 1 if a whole analysis grew by more than half as much again,
which is what one quadratic check does long before it takes minutes.
"""

from __future__ import annotations

import argparse
import gc
import math
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from ipaddress import IPv4Address
from pathlib import Path
from typing import TypeVar

from flowc.checks import CHECKS, FactsCheck
from flowc.diagnostics import Diagnostics, Severity
from flowc.resolve import resolve
from flowc.source import Source
from flowc.syntax.load import load
from flowc.syntax.parse import parse
from gateway import POOL_SIZE, VRFS, machines, write_statements, write_tables
from tenants import write_tenants

T = TypeVar("T")

TOLERANCE = 1.5
NOTICEABLE = 0.01
"""Seconds for the larger file below which a check's growth is noise."""
FORWARDED = IPv4Address("100.72.0.0")
"""Public addresses of port forwards, in the upper half of the first pool."""
PORTS = 1000
"""Ports that are forwarded of each address."""


def with_forwards(path: Path, count: int, *, tables: bool) -> Path:
    """The file with a port forward for each machine as well."""
    rows = [
        (FORWARDED + n % VRFS * POOL_SIZE + n // VRFS // PORTS, 2000 + n // VRFS % PORTS, one, n % VRFS)
        for n, one in enumerate(machines(count))
    ]
    with path.open("a", encoding="utf-8") as file:
        if tables:
            file.write(f'forwards from "forwards{count}.csv"\n')
            lines = (
                f"tcp,{public},{port},{one.name},22,internet{vrf},tenant{vrf}\n" for public, port, one, vrf in rows
            )
            text = "protocol,address,ports,target,target_ports,from,to\n" + "".join(lines)
            path.with_name(f"forwards{count}.csv").write_text(text, encoding="utf-8")
        else:
            for vrf in range(VRFS):
                file.write(f"nat internet{vrf} -> tenant{vrf} {{\n")
                file.writelines(
                    f"    dnat tcp {public}:{port} -> {one.name}:22\n" for public, port, one, its in rows if its == vrf
                )
                file.write("}\n")
    return path


SHAPES: dict[str, Callable[[Path, int], Path]] = {
    "statements": lambda folder, count: with_forwards(write_statements(folder, count), count, tables=False),
    "CSV": lambda folder, count: with_forwards(write_tables(folder, count), count, tables=True),
    "tenants": write_tenants,
}


def analysed(path: Path) -> dict[str, float]:
    """CPU seconds of each stage and each check."""
    seconds: dict[str, float] = {}

    def timed(name: str, call: Callable[[], T]) -> T:
        before = time.process_time()
        result = call()
        seconds[name] = time.process_time() - before
        return result

    diagnostics = Diagnostics()
    files = timed("load", lambda: load([path], diagnostics))
    network = timed("resolve", lambda: resolve(files, diagnostics))
    for one in CHECKS:
        if not isinstance(one, FactsCheck):
            timed(str(one.code), partial(one.look_at, network, diagnostics))
    for item in diagnostics:
        if item.severity is Severity.ERROR:  # then checks look at nothing
            sys.exit(f"{item.primary.span}: {item.message}")
    return seconds


def main() -> int:
    """Measure and print a table for each way to write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000, help="EIPs, and port forwards (100000)")
    many = parser.parse_args().rows
    few = many // 10
    expected = many * math.log(many) / (few * math.log(few))
    parse(Source("warm.flow", "zone a { }"), Diagnostics())  # the grammar is loaded once, whatever the file
    gc.disable()  # as flowc.api does
    status = 0
    with tempfile.TemporaryDirectory() as name:
        for what, write in SHAPES.items():
            small, large = (analysed(write(Path(name), count)) for count in (few, many))
            totals = sum(small.values()), sum(large.values())
            growth = totals[1] / totals[0]
            status |= growth > expected * TOLERANCE
            print(f"{what}: {growth:.1f} times the time for 10 times the rows; n log n is {expected:.1f}")
            print(f"  {'':<34} {few:>9} {many:>9}  growth  share")
            for stage, last in sorted(large.items(), key=lambda pair: -pair[1]):
                first = small[stage]
                share = last / totals[1]
                if last < NOTICEABLE:
                    continue
                steep = "  <-- more than n log n" if last > first * expected * TOLERANCE else ""
                print(f"  {stage:<34} {first:7.3f} s {last:7.3f} s  {last / max(first, 1e-6):6.1f} {share:6.1%}{steep}")
            rest = [stage for stage, last in large.items() if last < NOTICEABLE]
            print(f"  and {len(rest)} checks that take less than {NOTICEABLE} s each\n")
    print(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB at most")
    return status


if __name__ == "__main__":
    sys.exit(main())
