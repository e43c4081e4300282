"""What apply.sh makes of filters whose MAC addresses are known on the host alone, with the tools replaced."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.quick.backends.filters import with_references
from tests.quick.backends.scripted import BY_NAME, Machine
from tests.quick.backends.states import empty

from flowc.hoststate import FlowerFilter, HostState
from flowc.hoststate.macs import references, resolved
from flowc.hoststate.tc import STAY, Goto, MacOfDevice, MacOfNeighbor, Redirect, Reference

MACHINE, ROUTER = "02:00:00:00:00:75", "02:00:00:00:00:01"
OF_LO = "00:00:00:00:00:00"
FILTERS = with_references("tap75", "lo", "10.0.0.75", "198.51.100.1")
KNOWN: dict[Reference, str] = {
    MacOfDevice("lo"): OF_LO,
    MacOfNeighbor("10.0.0.75", "tap75"): MACHINE,
    MacOfNeighbor("198.51.100.1", "lo"): ROUTER,
}
HERE = f"10.0.0.75 dev tap75 lladdr {MACHINE} PERMANENT\n"
THERE = f"198.51.100.1 dev lo lladdr {ROUTER} managed REACHABLE\n"
ASKED = "198.51.100.1 dev lo managed INCOMPLETE\n"
GONE = "198.51.100.1 dev lo FAILED\n"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine.made(tmp_path)


def state(*filters: FlowerFilter) -> HostState:
    return empty(filters=filters or FILTERS)


def filters_of(lines: list[str]) -> list[str]:
    return [line for line in lines if line.startswith("filter ")]


def as_text(filters: tuple[FlowerFilter, ...]) -> list[str]:
    """What tc.batch says of filters that wait for nothing."""
    return filters_of(BY_NAME["tc"].render(empty(filters=filters)).splitlines())


def test_all_that_is_known_is_filled_in_at_once(machine: Machine) -> None:
    said = machine.run(state(), HERE + THERE)
    assert said == "apply.sh: gw1 is loaded\n"
    assert filters_of(machine.loaded(1)) == as_text(tuple(resolved(FILTERS, KNOWN)))
    assert filters_of(machine.loaded(2)) == as_text(tuple(resolved(FILTERS[:3], KNOWN)))
    assert machine.slept == 0


def test_lines_keep_their_numbers(machine: Machine) -> None:
    machine.run(state(), HERE)
    written = (machine.folder / "tc.batch").read_text().splitlines()
    for time in (1, 2):
        loaded = machine.loaded(time)
        assert len(loaded) == len(written)
        for line, was in zip(loaded, written, strict=True):
            assert not line or line.split()[:12] == was.split()[:12]


@pytest.mark.parametrize("missing", [*references(FILTERS), None], ids=str)
def test_scripts_and_live_state_leave_out_the_same(machine: Machine, missing: Reference | None) -> None:
    there = {one: mac for one, mac in KNOWN.items() if one != missing}
    filters = FILTERS
    if missing == MacOfDevice("lo"):  # of a device that there is not, as lo is always there
        filters = with_references("tap75", "none", "10.0.0.75", "198.51.100.1")
        there |= {MacOfNeighbor("198.51.100.1", "none"): ROUTER}
    told = HERE * (MacOfNeighbor("10.0.0.75", "tap75") in there) + THERE * (
        MacOfNeighbor("198.51.100.1", "lo") in there
    )
    machine.run(state(*filters), told + THERE.replace("dev lo", "dev none"))
    assert filters_of(machine.loaded(1)) == as_text(tuple(resolved(filters, there)))


def test_a_neighbour_that_is_asked_for_is_waited_for(machine: Machine) -> None:
    said = machine.run(state(), HERE + THERE, HERE, HERE + ASKED, HERE + ASKED)
    assert said == "apply.sh: gw1 is loaded\n"
    assert machine.slept == 2
    assert filters_of(machine.loaded(1)) == as_text(
        tuple(resolved(FILTERS, {one: mac for one, mac in KNOWN.items() if mac != ROUTER}))
    )
    assert filters_of(machine.loaded(2)) == as_text(tuple(resolved(FILTERS[:3], KNOWN)))


@pytest.mark.parametrize(("told", "seconds"), [(ASKED, 4), (GONE, 0), ("", 0)])
def test_what_does_not_answer_is_told(machine: Machine, told: str, seconds: int) -> None:
    said = machine.run(state(), HERE + told)
    assert said == (
        "apply.sh: flows to 198.51.100.1 stay in nft: no neighbour 198.51.100.1 on lo\napply.sh: gw1 is loaded\n"
    )
    assert machine.slept == seconds
    way = filters_of(machine.loaded(2))[1]
    assert way.endswith("flower skip_hw dst_ip 198.51.100.0/24 action goto chain 3 cookie 666c6f7763")


def test_many_that_are_not_there_are_told_in_few_lines(machine: Machine) -> None:
    needs = tuple(MacOfNeighbor(f"10.0.0.{number}", "tap75") for number in range(1, 9))
    said = machine.run(
        state(*(replace(FILTERS[0], handle=number, needs=(one,)) for number, one in enumerate(needs, 1))), ""
    )
    assert said.count("no neighbour") == 5
    assert "apply.sh: and 3 more like these\n" in said
    assert filters_of(machine.loaded(1)) == filters_of(machine.loaded(2)) == []


def test_names_that_look_like_references_or_words_are_names(machine: Machine) -> None:
    odd = with_references("@lo@", "action", "10.0.0.75", "198.51.100.1")
    known: dict[Reference, str] = {
        MacOfNeighbor("10.0.0.75", "@lo@"): MACHINE,
        MacOfNeighbor("198.51.100.1", "action"): ROUTER,
    }
    told = HERE.replace("tap75", "@lo@") + THERE.replace("dev lo", "dev action")
    said = machine.run(state(*odd), told)
    assert "flows out of action stay in nft: the device has no MAC address" in said
    assert filters_of(machine.loaded(1)) == as_text(tuple(resolved(odd, known)))


def test_a_device_without_ethernet_has_no_mac(machine: Machine) -> None:
    over_tunnel = with_references("tap75", "tun", "10.0.0.75", "198.51.100.1")
    said = machine.run(state(*over_tunnel), HERE + THERE.replace("dev lo", "dev tun"))
    assert "flows out of tun stay in nft: the device has no MAC address" in said
    assert not any("mirred" in line for line in machine.loaded(2))


def test_a_filter_keeps_its_place_while_it_waits() -> None:
    whose, by_router, fixed, gap = FILTERS
    assert tuple(resolved(FILTERS, {})) == (
        replace(by_router, actions=(Goto(3),), otherwise=STAY),
        replace(fixed, actions=STAY),
        gap,
    )
    assert tuple(resolved([whose], KNOWN)) == (replace(whose, needs=()),)
    done = tuple(resolved(FILTERS, KNOWN))
    assert references(done) == ()
    assert [one.actions[-1] for one in done[1:3]] == [Redirect("lo")] * 2
