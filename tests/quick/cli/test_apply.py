"""What `flowc apply` says of what it did."""

from __future__ import annotations

from argparse import Namespace

from tests.quick.backends.states import empty

from flowc.backends.live.engine import Done
from flowc.cli.apply import done
from flowc.cut.model import Cut, Judged
from flowc.delta.compared import ComparedStates, compare_host
from flowc.hoststate.ruleset import NO_TABLE
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
