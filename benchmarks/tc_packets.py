"""What a packet costs: `PYTHONPATH=. .venv/bin/python benchmarks/tc_packets.py [--eips N,...] [--new]`.

Hosts with few and many EIPs on one device, and with few and many keys on one shared tunnel, each with `datapath tc`,
with `datapath nft`, with `offload off`, and with stateless EIPs, are compiled here and loaded by the live apply in one
guest of the packet lab, each in a network namespace of its own. UDP connections, equally many of each host and spread
over all its EIPs, are made by packets both ways; with `--new` there are none before, so that each packet begins one.
Then packets of all of them in turn are sent both ways: in rounds, a host after the other, and of each thousand packets
the fastest round counts. What is told are ratios, net of what it costs to send as many packets to a device that drops
them. Emulation has neither the caches nor the branch prediction of a processor, so that what many entries cost a cold
cache is not seen. No test asserts any of this.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from tests.lab.boot import GUEST_WORK, Guest
from tests.lab.kernel import SUITES, ensure

from flowc.api import compile_files
from packet_hosts import DATAPATHS, DIRECTIONS, KINDS, Made, written

HOSTS, RESULT = "hosts.pickle", "result.json"


class Measured(NamedTuple):
    """Of one host and direction: nanoseconds a packet, those that arrived and those that the forward chain saw."""

    host: str
    direction: str
    nanoseconds: float
    arrived: float
    slow: float


def main() -> None:
    """Compile, boot, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--eips", type=numbers, default=[10, 100, 1000, 10_000], help="how many on one device")
    parser.add_argument(
        "--keys", type=numbers, default=[10, 1000, 10_000], help="how many on one tunnel, each in a VRF"
    )
    parser.add_argument(
        "--datapaths", type=lambda text: text.split(","), default=list(DATAPATHS), help=",".join(DATAPATHS)
    )
    parser.add_argument("--connections", type=int, default=10_000, help="of each host (10000)")
    parser.add_argument("--new", action="store_true", help="each packet begins a connection: all are forgotten before")
    parser.add_argument("--rounds", type=int, default=10, help="how often each is measured; the fastest counts (10)")
    parser.add_argument("--lab-kernel", choices=sorted(SUITES), default="6.1")
    parser.add_argument("--limit", type=float, default=3600.0, help="seconds for all of it (3600)")
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.inside:
        from packet_guest import measure  # noqa: PLC0415  # only there

        hosts = pickle.loads((Path(arguments.inside) / HOSTS).read_bytes())  # noqa: S301  # written below
        found = measure(hosts, arguments.connections, arguments.rounds, new=arguments.new)
        (Path(GUEST_WORK) / RESULT).write_text(json.dumps(found), encoding="utf-8")
        return
    with tempfile.TemporaryDirectory(prefix="flowc-packets-") as name:
        folder = Path(name)
        hosts = [
            one for kind in KINDS for count in getattr(arguments, kind) for one in made(folder, kind, count, arguments)
        ]
        (folder / HOSTS).write_bytes(pickle.dumps(hosts))
        base, *rows = run(folder, arguments)
    tell(base.nanoseconds, rows, arguments)


def numbers(text: str) -> list[int]:
    """A `type` of argparse; nothing is none."""
    return [int(one) for one in text.split(",") if one]


def made(folder: Path, kind: str, count: int, arguments: argparse.Namespace) -> Iterator[Made]:
    """With each datapath, as it is loaded."""
    for datapath in arguments.datapaths:
        path = written(folder, kind, count, datapath)
        result = compile_files([path])
        if result.diagnostics.has_errors:
            sys.exit("\n".join(str(one.message) for one in result.diagnostics.items))
        (state,) = result.states.values()
        say(f"{path.name}: {len(state.filters)} filters")
        yield Made(kind, count, datapath, state)


def run(folder: Path, arguments: argparse.Namespace) -> list[Measured]:
    """What the guest has measured. Ends the benchmark if it fails."""
    command = [sys.executable, __file__, "--inside", str(folder)]
    command += ["--connections", str(arguments.connections), "--rounds", str(arguments.rounds)]
    command += ["--new"] * arguments.new
    repository = Path(__file__).parents[1]
    guest = Guest(
        ensure(arguments.lab_kernel, say),
        command,
        folder=repository,
        environment={"PYTHONPATH": str(repository), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"},
        timeout=arguments.limit,
        programs=[Path(sys.executable).parent],
    )
    say(f"a guest is booted; what it says is in {guest.work}/output.txt")
    try:
        guest.wait()
        if guest.status:
            sys.exit(guest.account())
        return [Measured(*one) for one in json.loads((guest.work / RESULT).read_text(encoding="utf-8"))]
    except FileNotFoundError:
        sys.exit(guest.account())
    finally:
        guest.stop()


def tell(base: float, rows: list[Measured], arguments: argparse.Namespace) -> None:
    """A table for each kind and direction, with ratios to tc with the fewest."""
    net = {(one.host, one.direction): one.nanoseconds - base for one in rows}
    print(f"to send and drop a packet: {base:.0f} ns in the guest; that is taken off")
    for kind in KINDS:
        counts = getattr(arguments, kind)
        for direction, words in DIRECTIONS.items() if counts else ():
            print(f"\n{kind}, {words}" + "".join(f"{one:>12}" for one in arguments.datapaths))
            first = net[f"{arguments.datapaths[0]}-{kind}-{counts[0]}", direction]
            for count in counts:
                costs = [net[f"{datapath}-{kind}-{count}", direction] for datapath in arguments.datapaths]
                print(f"{count:>{len(kind) + len(words) + 2}}" + "".join(f"{one / first:12.2f}" for one in costs))
    print("\nof a host and direction: nanoseconds a packet, net; packets that arrived; that the forward chain saw")
    for one in rows:
        print(f"  {one.host:20} {one.direction:5} {one.nanoseconds - base:8.0f} {one.arrived:8.4f} {one.slow:8.4f}")


def say(text: str) -> None:
    """Beside the table."""
    with suppress(OSError):
        os.write(2, f"{text}\n".encode())


if __name__ == "__main__":
    main()
