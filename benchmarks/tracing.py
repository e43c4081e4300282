"""What one packet's trace costs among few and among many EIPs: `.venv/bin/python benchmarks/tracing.py [--rows N]`.

The gateway of `gateway.py` with 100 and with N EIPs, both parsed before; the same number of packets for each in turn, half
of them to EIPs from outside, half from machines to the outside. The first trace of a file makes the indexes, and is told
apart. Exit status 1 if a packet among N takes more than twice what it takes among 100: then something is scanned.
"""

from __future__ import annotations

import argparse
import gc
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from flowc.api import check_files
from flowc.ir.network import Host
from flowc.ir.packet import NUMBERS, Packet
from flowc.trace.engine import trace
from flowc.trace.model import Entry, Verdict
from gateway import write_tables

FEW = 100
ROUNDS, PACKETS = 9, 200
MOST = 2.0
"""Times as long for N EIPs as for 100."""
OUTSIDE = 203 << 24 | 113 << 8 | 9
"""203.0.113.9 (RFC 5737)."""


def packets(host: Host, count: int) -> list[tuple[Entry, Packet]]:
    """The same share of EIPs whatever their number."""
    chance = random.Random(count)  # noqa: S311  # the same ones every time
    eips, tcp = host.eips, NUMBERS["tcp"]
    at = {row.v4: row.interface for row in host.endpoints}
    found: list[tuple[Entry, Packet]] = []
    for number in range(count):
        eip = eips[chance.randrange(len(eips))]
        if number % 2:
            (outside,) = host.zones[eip.zone].interfaces
            found.append((Entry(outside), Packet(4, tcp, 443, 40000 + number, eip.public, OUTSIDE)))
        else:
            found.append((Entry(at[eip.target]), Packet(4, tcp, 443, 40000 + number, OUTSIDE, eip.target)))
    return found


def seconds(host: Host, asked: Sequence[tuple[Entry, Packet]]) -> float:
    """CPU time for each packet."""
    before = time.process_time()
    for entry, packet in asked:
        trace(host, entry, packet)
    return (time.process_time() - before) / len(asked)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000, help="EIPs (100000)")
    many = parser.parse_args().rows
    hosts: dict[int, Host] = {}
    first: dict[int, float] = {}
    with tempfile.TemporaryDirectory() as name:
        for count in (FEW, many):
            folder = Path(name) / str(count)
            folder.mkdir()
            (hosts[count],) = check_files([write_tables(folder, count)]).network.hosts
    asked = {count: packets(host, PACKETS) for count, host in hosts.items()}
    for count, host in hosts.items():
        before = time.process_time()
        verdicts = {trace(host, *one).verdict for one in asked[count]}
        first[count] = time.process_time() - before
        assert Verdict.ACCEPT in verdicts, verdicts
    gc.disable()
    each: dict[int, list[float]] = {count: [] for count in hosts}
    for _ in range(ROUNDS):
        for count, host in hosts.items():
            each[count].append(seconds(host, asked[count]))
    medians = {count: median(times) for count, times in each.items()}
    for count in hosts:
        print(f"{count:>9} EIPs: {medians[count] * 1e6:7.0f} us a packet; the first {PACKETS}: {first[count]:6.2f} s")
    ratio = medians[many] / medians[FEW]
    print(f"among {many} EIPs a trace takes {ratio:.2f} times what it takes among {FEW} (at most {MOST:g})")
    return int(ratio > MOST)


if __name__ == "__main__":
    sys.exit(main())
