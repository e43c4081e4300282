"""What comparing two large files costs: `.venv/bin/python benchmarks/difference.py [--rows N]`.

The gateway of `gateway.py` with N EIPs and as many endpoints, rules and routes, against itself with ten changes of a kind.
The files are read before. Exit status 1 if a change is not found: each has an address of its own, and some difference tells
of it. Below each line is what it takes to say what changes on the host, object by object (`flowc diff` without --semantic).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from ipaddress import IPv4Address
from pathlib import Path

from flowc.api import check_files
from flowc.backends.nft import ruleset
from flowc.delta.compared import compare_states
from flowc.delta.text import lines
from flowc.ir.addresses import Range, holds, merge
from flowc.ir.network import Host
from flowc.lower import lower
from flowc.trace.difference.joint import Difference, difference
from gateway import ROWS_PER_TUNNEL, TUNNELS, VRFS, gateway, machines

CHANGES = 10
ROUTED = IPv4Address("20.0.0.0")
KINDS = ("nothing", "EIPs", "endpoints", "rules", "routes")


def changes(count: int) -> list[int]:
    """The rows that are changed."""
    return [number * (count // CHANGES) + 7 for number in range(CHANGES)]


def told_of(found: Difference, count: int, kind: str) -> int:
    """How many of the changes some difference is about: of addresses those that are told alone, else networks."""
    rows, alone = machines(count), kind in ("EIPs", "endpoints")
    boxes = [box for one in found.changes for box in one.packets]
    ends = (one for box in boxes for values in (box.destination, box.source) for one in values)
    told = merge(one for one in ends if one.low == one.high or not alone)
    found_of = 0
    for n in changes(count):
        address = rows[n].public if kind == "EIPs" else rows[n].address if alone else ROUTED + 512 * n
        value = int(IPv4Address(address))
        found_of += holds(told, (Range(value, value),))
    return found_of


def written(path: Path, count: int, kind: str) -> Path:
    """The file, with ten declarations of a kind changed."""
    changed = set(changes(count))
    path.write_text(gateway(count // ROWS_PER_TUNNEL) + "\n".join(_rows(count, kind, changed)) + "\n", encoding="utf-8")
    return path


def _rows(count: int, kind: str, changed: set[int]) -> Iterator[str]:
    for n, one in enumerate(machines(count)):
        of = kind if n in changed else ""
        vrf = n % VRFS
        address = IPv4Address(one.address) + (1 << 22 if of == "endpoints" else 0)
        public = IPv4Address(one.public) + (1 << 19 if of == "EIPs" else 0)
        gateway_of = f"192.0.2.{16 * vrf + (5 if of == 'routes' else 1)}"
        yield f"endpoint {one.name} {{ address {address}; interface {one.interface}; mac {one.mac} }}"
        yield f"eip {public} <-> {one.name}"
        yield f"route {ROUTED + 512 * n}/24 via {gateway_of} vrf v{vrf}"
    for vrf in range(VRFS):
        yield f"policy internet{vrf} -> branches{vrf} {{"
        tunnels = range(vrf, count // ROWS_PER_TUNNEL, VRFS)
        for n in range(vrf, count, VRFS):
            port = 2223 if kind == "rules" and n in changed else 22
            there = TUNNELS + 4 * tunnels[n // VRFS % len(tunnels)] + 2
            yield f"    accept tcp {port} to {there} from {ROUTED + 512 * n}/24"
        yield "}"


def host(path: Path) -> Host:
    """The only one of a file without errors."""
    checked = check_files([path])
    if checked.diagnostics.has_errors:
        sys.exit(next(f"{one.primary.span}: {one.message}" for one in checked.diagnostics))
    return checked.network.hosts[0]


def on_the_host(old: Host, new: Host, kind: str) -> bool:
    """Measure and print; True if something is missing."""
    states = lower(old), lower(new)
    before = time.process_time()
    compared = compare_states({"gw": states[0]}, {"gw": states[1]}, ruleset)
    lines(compared)
    seconds = time.process_time() - before
    found = len(compared.hosts[0].delta)
    print(f"{'':>9} {'on host':<10} {seconds:6.1f} s: {found} objects of {len(compared.hosts[0].groups)} declarations")
    return bool(found) is (kind == "nothing")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000, help="of each kind (10000)")
    count = parser.parse_args().rows
    status = 0
    with tempfile.TemporaryDirectory() as name:
        for kind in KINDS:
            old, new = (
                host(written(Path(name) / f"{side}.flow", count, of)) for side, of in (("old", ""), ("new", kind))
            )
            before = time.process_time()
            found = difference(old, new)
            seconds = time.process_time() - before
            many = sum(len(one.packets) for one in found.changes)
            told = 0 if kind == "nothing" else told_of(found, count, kind)
            status |= not found.is_empty if kind == "nothing" else told < CHANGES
            rest = f"; not all at {len(found.not_compared)} places" if found.not_compared else ""
            print(f"{count:>9} {kind:<10} {seconds:6.1f} s: {told} changes are told, in {many} sets of packets{rest}")
            status |= on_the_host(old, new, kind)
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
