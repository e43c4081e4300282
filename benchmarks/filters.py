"""What it costs to say tc filters to the kernel: `.venv/bin/python benchmarks/filters.py [--filters N]`.

N filters, each with the six actions of a way into a tunnel, become messages: as flowc packs them, as pyroute2 encodes the
same, and as the text of tc.batch. In one run and in turns; the ratio to what flowc does is what counts. No test asserts
any of this.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from statistics import median

from flowc.backends import tc
from flowc.backends.netlink.messages.flower import tcmsg
from flowc.backends.netlink.objects import filters
from flowc.backends.netlink.packing import packed
from flowc.hoststate import FlowerFilter
from flowc.hoststate.state import HostState, nothing
from flowc.hoststate.tc import (
    Checksum,
    Checksums,
    Conntrack,
    Field,
    Match,
    Munge,
    Pedit,
    Police,
    Redirect,
    TunnelSet,
    Verdict,
)
from flowc.ir.addresses import format_address
from flowc.source import NOWHERE

TURNS = 5


def made(count: int) -> tuple[FlowerFilter, ...]:
    """Ways to as many machines, each by a key of its own. On a device that every host has."""
    edit = Pedit((
        Munge(Field.ETH_DESTINATION, "02:00:00:00:00:01"), Munge(Field.ETH_SOURCE, "02:00:00:00:00:02"), Munge(Field.TTL)
    ))  # fmt: skip
    return tuple(
        FlowerFilter(
            "lo", 10, number, "ip", Match(destination=f"{format_address(4, 0x0A000000 + number)}/32", ct_zone=number % 4096),
            (
                Police(1472, Verdict.PASS), Conntrack(number % 4096, nat=True), edit, Checksum(Checksums.IP4H),
                TunnelSet("172.16.0.1", "172.16.0.2", number), Redirect("lo"),
            ),
            NOWHERE, 2,
        )
        for number in range(1, count + 1)
    )  # fmt: skip


def by_flowc(those: Sequence[FlowerFilter]) -> int:
    """Bytes of all messages."""
    return sum(len(packed(tcmsg, *filters.message(one))) for one in those)


def by_pyroute2(those: Sequence[FlowerFilter]) -> int:
    """The same, encoded as `flowc.backends.netlink.connection` does what comes in small numbers."""
    total = 0
    for one in those:
        message = tcmsg()  # type: ignore[no-untyped-call]  # pyroute2's
        fields, attributes = filters.message(one)
        for name, value in fields.items():
            message[name] = value
        message["attrs"] = attributes
        message["header"] = {"type": 44, "flags": 0, "sequence_number": 0, "pid": 0}
        message.encode()  # type: ignore[no-untyped-call]  # pyroute2's
        total += len(message.data) - 16
    return total


def as_text(those: Sequence[FlowerFilter]) -> int:
    """Characters of tc.batch."""
    state = nothing("gw")
    fields = {name: getattr(state, name) for name in state.__dataclass_fields__}
    return len(tc.render(HostState(**{**fields, "filters": tuple(those), "nft": None})))


def seconds(work: Callable[[Sequence[FlowerFilter]], int], those: Sequence[FlowerFilter]) -> float:
    """Of CPU time."""
    start = time.process_time()
    work(those)
    return time.process_time() - start


def main() -> None:
    """Print a line for each way."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--filters", type=int, default=10_000, metavar="N")
    count = parser.parse_args().filters
    those = made(count)
    ways = {"flowc": by_flowc, "pyroute2": by_pyroute2, "text": as_text}
    assert by_flowc(those[:10]) == by_pyroute2(those[:10])
    turns = [{name: seconds(work, those) for name, work in ways.items()} for _ in range(TURNS)]
    for name in ways:
        ratio = median(turn[name] / turn["flowc"] for turn in turns)
        print(f"{name:9} {median(turn[name] for turn in turns) / count * 1e6:7.1f} us a filter   {ratio:5.2f}")


if __name__ == "__main__":
    main()
