"""In which order a delta is applied: what the kernel refuses beside something else comes after it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.quick.delta.states import GATEWAY, change, state

from flowc.backends.nft import ruleset
from flowc.delta.compared import Action, compare_host, compare_states
from flowc.delta.plan import Verb, plan
from flowc.delta.text import lines
from flowc.hoststate import Sysctl, nothing
from flowc.hoststate.ruleset import NO_TABLE

TUNNEL = "tunnel {} {{ type gretap; key {}; local 192.0.2.1; remote 192.0.2.9; address 10.9.{}.1/30 }}\n"
VETH = "interface {} {{ veth {}; address 10.8.0.1/24 }}\n"
VLAN = "interface {} {{ vlan {} on lan; address 10.7.0.1/24 }}\n"


def tunnels(*keys: tuple[str, int]) -> str:
    return GATEWAY + "".join(TUNNEL.format(name, key, number) for number, (name, key) in enumerate(keys))


def made(old: str, new: str) -> list[tuple[Verb, str]]:
    """What is done to devices until they are as they shall be, but for bringing them up."""
    return [
        (step.verb, step.object.device)
        for step in plan(change(old, new))
        if step.kind is not None and step.kind.name == "link" and step.verb is not Verb.ACTIVATE
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (VETH.format("a", "far"), VETH.format("b", "far")),  # two pairs cannot have one end
        (VETH.format("a", "b"), VETH.format("b", "a")),  # the other end becomes the one that is told
        (VLAN.format("a", 7), VLAN.format("b", 7)),
        (TUNNEL.format("a", 7, 0), TUNNEL.format("b", 7, 0)),
    ],
)
def test_a_device_with_another_name_makes_room_first(old: str, new: str) -> None:
    assert made(GATEWAY + old, GATEWAY + new) == [(Verb.DELETE, "a"), (Verb.CREATE, "b")]


def test_what_stands_in_nobodys_way_goes_last() -> None:
    old, new = GATEWAY + VETH.format("a", "far"), GATEWAY + VETH.format("b", "farther")
    assert made(old, new) == [(Verb.CREATE, "b"), (Verb.DELETE, "a")]


@pytest.mark.parametrize("names", [("a", "b", "c"), ("c", "b", "a"), ("b", "a", "c")])
def test_a_tunnel_gives_its_key_away_before_another_takes_it(names: tuple[str, str, str]) -> None:
    first, second, third = names
    old = tunnels((first, 1), (second, 2))
    assert made(old, tunnels((first, 2), (second, 3))) == [(Verb.CHANGE, second), (Verb.CHANGE, first)]
    assert made(old, tunnels((third, 2), (second, 3), (first, 1)))[:2] == [(Verb.CHANGE, second), (Verb.CREATE, third)]


def test_of_tunnels_that_exchange_their_keys_one_is_made_again() -> None:
    old, new = tunnels(("a", 1), ("b", 2), ("c", 3), ("d", 4)), tunnels(("a", 2), ("b", 3), ("c", 1), ("d", 5))
    (again,) = change(old, new).interrupted
    steps = made(old, new)
    assert steps[0] == (Verb.DELETE, again)
    keys = {"a": 1, "b": 2, "c": 3, "d": 4}
    wanted = {"a": 2, "b": 3, "c": 1, "d": 5}
    for verb, device in steps:
        keys.pop(device, None)
        if verb is not Verb.DELETE:
            assert wanted[device] not in keys.values()
            keys[device] = wanted[device]
    assert keys == wanted


def test_why_it_is_made_again_is_said() -> None:
    old, new = state(tunnels(("a", 1), ("b", 2))), state(tunnels(("a", 2), ("b", 1)))
    told = lines(compare_states({"h": old}, {"h": new}, ruleset))
    assert (
        sum("! deleted and created again: another device has its ends and keys until then" in line for line in told)
        == 1
    )


def test_what_is_changed_on_a_host_that_was_read_was_there() -> None:
    new = state(GATEWAY)
    settings = tuple(Sysctl(one.key, "7", None) for one in new.sysctls)
    found = compare_host(replace(nothing("h"), sysctls=settings), new, NO_TABLE, ruleset(new))
    actions = {one.statement.name: one.action for one in found.groups if one.statement}
    assert actions["interface lan"] is Action.CHANGE
    assert actions["policy inside -> outside: accept tcp 80"] is Action.CREATE
