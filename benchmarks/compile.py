"""What a large gateway costs to compile: `.venv/bin/python benchmarks/compile.py [--rows N]`.

N machines with a MAC and an EIP each, a tunnel with a key of its own for every hundred of them, three VRFs with the same
private addresses, ten zones and the policies between them. The machines and EIPs are written as statements and as CSV
tables, for N and for a tenth of it. Each file is compiled in a process of its own, and nft checks what came out. The
ratios are what counts: seconds differ from machine to machine, ratios of one run hardly do. No test asserts any of this.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from ipaddress import IPv4Address
from pathlib import Path
from typing import NamedTuple

VRFS = 3
ROWS_PER_TUNNEL = 100
INSIDE, PUBLIC, TUNNELS = IPv4Address("10.0.1.0"), IPv4Address("100.64.1.0"), IPv4Address("172.16.0.0")
PUBLIC_PREFIX = IPv4Address("100.64.0.0")
POOL_SIZE = 1 << 20


class Cost(NamedTuple):
    """What one process took."""

    seconds: float
    mebibytes: float
    failure: str


def gateway(tunnels: int) -> str:
    """All but the rows. Without offload: a flowtable would need the devices to exist when nft checks it."""
    return "\n".join(
        [
            "host gw { offload off }",
            "interface underlay { device eth0; address 198.51.100.1/24 }",
            "zone carrier { interface underlay }",
            "policy carrier -> self { accept tcp 22 }",
            *(line for vrf in range(VRFS) for line in tenant(vrf, range(vrf, tunnels, VRFS))),
            "",
        ]
    )


def tenant(vrf: int, tunnels: range) -> Iterator[str]:
    """A VRF with its interfaces and tunnels, its three zones and its pool."""
    yield f"vrf v{vrf} {{ table {1000 + vrf} }}"
    yield f"interface vms{vrf} {{ device tap{vrf}; address 10.0.0.1/8; vrf v{vrf} }}"
    yield f"interface up{vrf}  {{ device eth{vrf + 1}; address 192.0.2.{16 * vrf + 2}/28; vrf v{vrf} }}"
    for n in tunnels:
        yield (
            f"tunnel t{n} {{ type gretap; key {n + 1}; local 198.51.100.1; remote 198.51.100.2; vrf v{vrf}; "
            f"address {TUNNELS + 4 * n + 1}/30 }}"
        )
    yield f"zone tenant{vrf}   {{ interface vms{vrf} }}"
    yield f"zone internet{vrf} {{ interface up{vrf} }}"
    yield f"zone branches{vrf} {{ interface {', '.join(f't{n}' for n in tunnels)} }}"
    yield f"pool public{vrf} {PUBLIC_PREFIX + vrf * POOL_SIZE}/12 at internet{vrf}"
    yield f"policy internet{vrf} -> tenant{vrf} {{ accept tcp {{80, 443}} via eip; accept icmp limit 10/second }}"
    yield f"policy tenant{vrf} -> internet{vrf} {{ accept }}"
    yield f"policy tenant{vrf} -> branches{vrf} {{ accept }}"
    yield f"policy branches{vrf} -> tenant{vrf} {{ accept tcp 22; accept icmp }}"


class Machine(NamedTuple):
    """An endpoint and its EIP."""

    name: str
    address: str
    interface: str
    mac: str
    public: str


def machines(count: int) -> list[Machine]:
    """The VRFs have one each in turn."""
    return [
        Machine(
            f"vm{n}",
            str(INSIDE + n // VRFS),
            f"vms{n % VRFS}",
            f"52:54:00:{n >> 16:02x}:{n >> 8 & 255:02x}:{n & 255:02x}",
            str(PUBLIC + n % VRFS * POOL_SIZE + n // VRFS),
        )
        for n in range(count)
    ]


def write_statements(folder: Path, count: int) -> Path:
    """One file with everything in it."""
    rows = [
        f"endpoint {one.name} {{ address {one.address}; interface {one.interface}; mac {one.mac} }}\n"
        f"eip {one.public} <-> {one.name}\n"
        for one in machines(count)
    ]
    path = folder / f"statements{count}.flow"
    path.write_text(gateway(count // ROWS_PER_TUNNEL) + "".join(rows), encoding="utf-8")
    return path


def write_tables(folder: Path, count: int) -> Path:
    """The same with two tables."""
    found = machines(count)
    endpoints = "".join(f"{one.name},{one.address},{one.interface},{one.mac}\n" for one in found)
    eips = "".join(f"{one.public},{one.name}\n" for one in found)
    (folder / f"endpoints{count}.csv").write_text(f"name,address,interface,mac\n{endpoints}", encoding="utf-8")
    (folder / f"eips{count}.csv").write_text(f"address,target\n{eips}", encoding="utf-8")
    path = folder / f"tables{count}.flow"
    path.write_text(
        f'{gateway(count // ROWS_PER_TUNNEL)}endpoints from "endpoints{count}.csv"\neips from "eips{count}.csv"\n',
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
