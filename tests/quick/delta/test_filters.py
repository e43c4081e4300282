"""Filters in the words of `flowc diff`, and as programs get them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from tests.golden import Golden
from tests.quick.backends.filters import each_filter, in_hardware
from tests.quick.backends.states import empty
from tests.quick.delta.test_cases import VALIDATOR

from flowc.delta.compared import ComparedStates, compare_states
from flowc.delta.document import document
from flowc.delta.filters import FILTER
from flowc.delta.text import lines
from flowc.hoststate import FlowerFilter
from flowc.hoststate.ruleset import Ruleset
from flowc.hoststate.tc import Goto, Masked, Pass, SetMark

EACH = (*each_filter("vma", "gtmd"), in_hardware("vma"))


def compared(old: tuple[FlowerFilter, ...], new: tuple[FlowerFilter, ...]) -> ComparedStates:
    was, then = ({"gw1": replace(empty(), filters=filters)} for filters in (old, new))
    return compare_states(was, then, lambda _: Ruleset(flowtable=None, sets=(), meters=(), helpers=(), chains=()))


def test_each_field_and_each_action_is_said(golden: Golden) -> None:
    golden(Path(__file__).with_name("filters.txt"), "".join(f"{FILTER.words(one)}\n" for one in EACH))


def test_what_differs_is_said_field_by_field() -> None:
    (old,) = (one for one in EACH if one.preference == 10 and one.chain == 0)
    match = replace(old.match, tcp_flags=None, ct_state=Masked(0x0A, 0x0A))
    new = replace(old, match=match, actions=(SetMark(1), Goto(1)))
    (line,) = (line.strip() for line in lines(compared((old,), (new,)), verbose=True) if "handle" in line)
    assert line.endswith(
        "handle 0x1  tcp_flags 0x0/0x2 -> none, ct_state -trk -> +trk+est, actions -ct zone 1000 +mark 0x1"
    )
    unknown = replace(old, actions=())
    assert "actions +pass" in "\n".join(lines(compared((unknown,), (replace(old, actions=(Pass(),)),))))
    assert FILTER.words(unknown).endswith("ct_state -trk: something that flowc never asks for")


def test_programs_get_them_by_field() -> None:
    found = json.loads(document(compared((), EACH)))
    VALIDATOR.validate(found)
    each = [one["new"] for one in found["hosts"][0]["changes"] if one["kind"] == "filter"]
    assert len(each) == len(EACH)
    assert each[-1]["placement"] == "skip_sw"
    assert each[-1]["ip_proto"] == "tcp"
    assert each[-1]["actions"] == ["drop"]
    assert each[-1]["ct_zone"] is None
