"""apply.sh takes the tc filters away that an earlier file asked for, by what tc lists."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
from tests.quick.backends.filters import each_filter, with_references
from tests.quick.backends.scripted import BY_NAME, Machine
from tests.quick.backends.states import empty

from flowc.backends.tc.render import COOKIE
from flowc.hoststate import FlowerFilter
from flowc.hoststate.tc import Hook

FILTERS = each_filter("tap75", "lo")
OURS = f"cookie {COOKIE.hex()}"
MANY = 10_000


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine.made(tmp_path)


def listed(one: FlowerFilter, *cookies: str) -> str:
    """As tc prints it, with an action for each cookie (iproute2: print_filter in tc/tc_filter.c, tc/m_action.c)."""
    place = f"filter protocol {one.protocol} pref {one.preference} flower chain {one.chain} "
    actions = "".join(
        f"\n\taction order {order}: gact action pass\n\t random type none pass val 0\n\t index {order} ref 1 bind 1\n"
        f"\t{cookie}\n\tused_hw_stats delayed\n"
        for order, cookie in enumerate(cookies, 1)
    )
    return f"{place}\n{place}handle {one.handle:#x} \n  dst_ip 10.0.0.0/8\n  not_in_hw{actions}\n"


def there(machine: Machine, *filters: FlowerFilter, cookies: tuple[str, ...] = (OURS,)) -> None:
    for one in filters:
        for hook in Hook:  # a device has both
            (machine.folder / f"filters.{one.device}.{hook}").touch()
        with (machine.folder / f"filters.{one.device}.{one.hook}").open("a") as file:
            file.write(listed(one, *cookies))


def removal(one: FlowerFilter) -> str:
    place = f"dev {one.device} {one.hook} protocol {one.protocol} pref {one.preference} chain {one.chain}"
    return f"filter del {place} handle {one.handle:#x} flower"


def test_what_the_file_asks_for_stays(machine: Machine) -> None:
    there(machine, *FILTERS)
    machine.run(empty(filters=FILTERS), "")
    assert machine.removed() == []


def test_what_it_does_not_ask_for_goes_chain_by_chain(machine: Machine) -> None:
    kept = FILTERS[0]
    stale = [
        *FILTERS[1:],
        replace(kept, handle=2),
        replace(kept, chain=7),
        replace(kept, device="lo"),
        replace(kept, hook=Hook.EGRESS),
        replace(kept, protocol="ipv6"),
        replace(kept, preference=9),
        replace(kept, device="dev"),
    ]
    random.Random(1).shuffle(stale)  # noqa: S311  # not for secrets
    there(machine, *stale, kept)
    machine.run(empty(filters=(kept,)), "")
    removed = machine.removed()
    assert sorted(removed) == sorted(map(removal, stale))
    chains = [int(line.split()[10]) for line in removed]
    assert chains == sorted(chains)
    assert chains[0] < chains[-1]


@pytest.mark.parametrize("cookies", [(), ("",), ("cookie 0102",), ("cookie 666c6f776300",)])
def test_what_others_made_stays(machine: Machine, cookies: tuple[str, ...]) -> None:
    there(machine, *FILTERS, cookies=cookies)
    machine.run(empty(filters=FILTERS[:1]), "")
    assert machine.removed() == []


def test_the_cookie_of_any_action_counts(machine: Machine) -> None:
    there(machine, FILTERS[1], cookies=("", OURS))
    machine.run(empty(filters=FILTERS[:1]), "")
    assert machine.removed() == [removal(FILTERS[1])]


def test_a_file_without_filters_takes_all_away(machine: Machine) -> None:
    there(machine, *FILTERS)
    machine.run(empty(), "")
    assert len(machine.removed()) == len(FILTERS)


def test_what_waits_for_a_mac_address_goes_as_if_it_was_never_loaded(machine: Machine) -> None:
    filters = with_references("tap75", "lo", "10.0.0.75", "198.51.100.1")
    there(machine, *filters)
    machine.run(empty(filters=filters), "")
    assert machine.removed() == [removal(one) for one in filters if one.needs]


def test_ten_thousand_are_looked_through_in_a_moment(machine: Machine) -> None:
    many = [replace(FILTERS[0], handle=handle) for handle in range(1, MANY + 1)]
    there(machine, *many)
    machine.run(empty(filters=tuple(many[: MANY // 2])), "")
    assert machine.removed() == [removal(one) for one in many[MANY // 2 :]]
    assert len(BY_NAME["tc"].render(empty(filters=tuple(many))).splitlines()) > MANY
