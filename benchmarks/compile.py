"""What a large gateway costs to compile: `.venv/bin/python benchmarks/compile.py [--rows N]`.

The gateway of `gateway.py`, its N machines and EIPs as statements and as CSV tables, for N and for a tenth of it. Each file is compiled in a process of its own, and nft checks what came out. The
ratios are what counts: seconds differ from machine to machine, ratios of one run hardly do. No test asserts any of this.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from gateway import write_statements, write_tables


class Cost(NamedTuple):
    """What one process took."""

    seconds: float
    mebibytes: float
    failure: str


def run(*command: str | Path) -> Cost:
    """CPU seconds and peak memory of one process and all that it starts."""
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        said = errors.read().decode(errors="replace").strip().splitlines()
    failure = "" if process.returncode == 0 else (said[-1] if said else f"exit status {process.returncode}")
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, failure)


def compiled(path: Path) -> tuple[Cost, Path]:
    """What compiling cost, and the ruleset."""
    out = path.with_suffix("")
    cost = run(sys.executable, "-m", "flowc.cli", "compile", path, "-o", out)
    if cost.failure:
        sys.exit(f"{path.name}: {cost.failure}")
    return cost, out / "gw" / "ruleset.nft"


def checked(ruleset: Path) -> Cost:
    """What nft takes to check it, in a network namespace of its own."""
    unshare = ["unshare", "-n"] if os.geteuid() == 0 else ["unshare", "-rn"]
    try:
        return run(*unshare, "nft", "-c", "-f", ruleset)
    except FileNotFoundError as error:
        return Cost(0, 0, str(error))


def main() -> None:
    """Measure, and print the ratios first."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000, help="EIPs, each with an endpoint (100000)")
    many = parser.parse_args().rows
    few = many // 10
    table: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        for what, write in (("statements", write_statements), ("CSV", write_tables)):
            small, _ = compiled(write(Path(name), few))
            large, ruleset = compiled(write(Path(name), many))
            nft = checked(ruleset)
            growth = f"{large.seconds / small.seconds:.1f} times the time for 10 times the rows"
            if nft.failure:
                ratio = f"nft cannot check it here ({nft.failure})"
            else:
                ratio = f"{large.seconds / nft.seconds:.2f} times the time of `nft -c -f`"
            print(f"{what}: {growth}; {ratio}; {large.mebibytes:.0f} MiB at most")
            for title, cost in ((f"{what}, {few}", small), (f"{what}, {many}", large), (f"nft -c, {many}", nft)):
                table.append(f"  {title:<22} {cost.seconds:7.2f} s {cost.mebibytes:7.0f} MiB")
    print("\nCPU seconds and peak memory:", *table, sep="\n")


if __name__ == "__main__":
    main()
