"""How compiling grows with the number of EIPs: `.venv/bin/python benchmarks/compile.py [--rows N]`.

N machines with a MAC and an EIP each are written as statements and as CSV tables, for N and for a tenth of it. Each is
compiled in a process of its own, and nft checks what came out. The ratios are what counts: seconds differ from machine
to machine, ratios of one run hardly do. No test asserts any of this.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from ipaddress import IPv4Address
from pathlib import Path
from typing import NamedTuple

# Without offload: a flowtable would need the devices to exist when nft checks it.
HOST = """\
host gw { offload off }
vrf acme { table 1000 }
interface vms { device tap0; address 10.0.0.1/8; vrf acme }
interface up  { device eth0; address 192.0.2.2/24; vrf acme }
zone tenant   { interface vms }
zone internet { interface up }
pool public 100.64.0.0/10 at internet
policy internet -> tenant { accept tcp 80 via eip }
policy tenant -> internet { accept }
"""
INSIDE, PUBLIC = IPv4Address("10.0.1.0"), IPv4Address("100.64.1.0")


class Cost(NamedTuple):
    """What one process took."""

    seconds: float
    mebibytes: float
    failure: str


def machines(count: int) -> list[tuple[str, str, str, str]]:
    """Name, address, MAC and EIP of each."""
    return [
        (f"vm{n}", str(INSIDE + n), f"52:54:00:{n >> 16:02x}:{n >> 8 & 255:02x}:{n & 255:02x}", str(PUBLIC + n))
        for n in range(count)
    ]


def write_statements(folder: Path, count: int) -> Path:
    """One file with everything in it."""
    rows = [
        f"endpoint {name} {{ address {address}; interface vms; mac {mac} }}\neip {public} <-> {name}\n"
        for name, address, mac, public in machines(count)
    ]
    path = folder / f"statements{count}.flow"
    path.write_text(HOST + "".join(rows), encoding="utf-8")
    return path


def write_tables(folder: Path, count: int) -> Path:
    """The same with two tables."""
    found = machines(count)
    endpoints = "".join(f"{name},{address},vms,{mac}\n" for name, address, mac, _ in found)
    eips = "".join(f"{public},{name}\n" for name, _, _, public in found)
    (folder / f"endpoints{count}.csv").write_text(f"name,address,interface,mac\n{endpoints}", encoding="utf-8")
    (folder / f"eips{count}.csv").write_text(f"address,target\n{eips}", encoding="utf-8")
    path = folder / f"tables{count}.flow"
    path.write_text(
        f'{HOST}endpoints from "endpoints{count}.csv"\neips from "eips{count}.csv"\n',
        encoding="utf-8",
    )
    return path


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
            print(f"{what}: {large.seconds / small.seconds:.1f} times the time for 10 times the rows", end="")
            if nft.failure:
                print(f"; nft cannot check it here ({nft.failure})")
            else:
                print(
                    f"; {large.seconds / nft.seconds:.2f} times the time and "
                    f"{large.mebibytes / nft.mebibytes:.2f} times the memory of `nft -c -f`"
                )
            for title, cost in ((f"{what}, {few}", small), (f"{what}, {many}", large), (f"nft -c, {many}", nft)):
                table.append(f"  {title:<22} {cost.seconds:7.2f} s {cost.mebibytes:7.0f} MiB")
    print("\nCPU seconds and peak memory:", *table, sep="\n")


if __name__ == "__main__":
    main()
