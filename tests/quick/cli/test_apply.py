"""What `flowc apply` says of what it did."""

from __future__ import annotations

from argparse import Namespace

import pytest
from tests.quick.backends.states import empty

from flowc.backends.live.engine import Done
from flowc.cli.apply import done, say_done
from flowc.cut.model import Cut, Judged
from flowc.delta.compared import ComparedStates, compare_host
from flowc.hoststate.ruleset import NO_TABLE
from flowc.hoststate.tc import MacOfDevice, MacOfNeighbor
from flowc.hoststate.tracked import Direction, Tracked
from flowc.live import Applied, Planned

CALL = Direction(0xC0000201, 0xC0000202, 17, 41000, 5000)
ENTRY = Tracked(4, CALL, CALL, 0, 0, 0, 0, None, 1, None, None)


def applied(*cuts: Cut, judged: bool = True) -> Applied:
    """Nothing differed."""
    same = compare_host(empty(), empty(), NO_TABLE, NO_TABLE)
    planned = Planned(ComparedStates((same,), (), ()), (), ())
    return Applied(planned, Done(), 0, Judged(cuts, ()) if judged else None)


def told(what: Applied) -> str:
    return done(what, Namespace(verbose=False))


def test_connections_are_told_also_where_nothing_differed() -> None:
    name = empty().host
    assert told(applied(judged=False)) == told(applied()) == f"{name}: nothing to do\n"
    assert told(applied(*[Cut(ENTRY, "no policy", None)] * 7)) == (
        f"{name}: 7 connections cut that the file does not admit\n"
        + "  udp 192.0.2.1:41000 -> 192.0.2.2:5000 (no policy)\n" * 5
        + "  and 2 more (all with -v)\n"
    )


def test_macs_that_are_not_known_are_told_and_of_many_only_some(capsys: pytest.CaptureFixture[str]) -> None:
    machines = [MacOfNeighbor(f"192.0.2.{number}", "eth0") for number in range(1, 8)]
    what = applied()
    what.done.unresolved = (MacOfDevice("tun"), *machines)
    say_done(what, Namespace(verbose=False))
    told_ = capsys.readouterr().err.splitlines()
    assert told_[0].endswith("gw1: flows out of tun stay in nft: the device has no MAC address")
    assert told_[1].endswith("gw1: flows to 192.0.2.1 stay in nft: no neighbour 192.0.2.1 on eth0")
    assert told_[-1].endswith("gw1: and 3 more like these")
    assert len(told_) == 6
