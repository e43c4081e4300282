"""Routes with `from`: what the kernel finds with the rules and tables that they become."""

from __future__ import annotations

import random
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import NamedTuple

import pytest

from flowc.api import compile_files, render
from flowc.diagnostics import Severity
from flowc.hoststate import HostState

HEAD = """
interface lan { device lan; address 10.0.0.1/24 }
zone inside { interface lan }
"""


class Written(NamedTuple):
    """A route of a test; its gateway tells which one it is."""

    destination: IPv4Network
    source: IPv4Network | None
    gateway: str

    def __str__(self) -> str:
        whom = f" from {self.source}" if self.source else ""
        return f"route {self.destination} via {self.gateway}{whom}"


def compiled(text: str, folder: Path) -> HostState:
    file = folder / "pinned.flow"
    file.write_text(HEAD + text, encoding="utf-8")
    (state,) = compile_files([file]).states.values()
    return state


def looked_up(state: HostState, source: IPv4Address, destination: IPv4Address) -> str | None:
    """The gateway that the kernel takes: rule by rule, in each table the longest prefix (net/core/fib_rules.c)."""
    main = (32766, 254, None, None)
    rules = [(rule.preference, rule.table, rule.source, rule.suppress) for rule in state.rules if rule.family == 4]
    for _, table, only, suppress in sorted([*rules, main], key=lambda rule: rule[0]):
        if only is not None and source not in IPv4Network(only):
            continue
        found = []
        for row in state.routes:
            prefix = IPv4Network("0.0.0.0/0" if row.destination == "default" else row.destination)
            if row.table == table and destination in prefix:
                found.append((prefix.prefixlen, row.nexthops[0][0]))
        if found and (suppress is None or max(found)[0] > suppress):
            return max(found)[1]
    return None


def meant(routes: Sequence[Written], source: IPv4Address, destination: IPv4Address) -> str | None:
    """The longest destination counts, and of several the longest source."""
    fitting = [
        (one.destination.prefixlen, one.source.prefixlen if one.source else -1, one.gateway)
        for one in routes
        if destination in one.destination and (one.source is None or source in one.source)
    ]
    return max(fitting)[2] if fitting else None


@pytest.mark.parametrize("seed", range(12))
def test_the_longest_destination_counts_then_the_longest_source(seed: int, tmp_path: Path) -> None:
    dice = random.Random(seed)  # noqa: S311  # a choice that can be repeated, no secret

    def prefix(base: int, lengths: Sequence[int]) -> IPv4Network:
        return IPv4Network((base + dice.randrange(16), dice.choice(lengths)), strict=False)

    routes: dict[tuple[IPv4Network, IPv4Network | None], Written] = {}
    for number in range(14):
        destination = prefix(0xCB007100, (0, 28, 30, 32))
        source = dice.choice((None, prefix(0x0A010000, (0, 28, 29, 31, 32))))
        routes.setdefault((destination, source), Written(destination, source, f"10.0.0.{number + 10}"))
    state = compiled("\n".join(map(str, routes.values())), tmp_path)
    for sender in range(0x0A010000, 0x0A010010):
        for target in range(0xCB007100 - 1, 0xCB007110):
            packet = IPv4Address(sender), IPv4Address(target)
            assert looked_up(state, *packet) == meant([*routes.values()], *packet)


def test_connected_networks_and_own_addresses_are_found_first(tmp_path: Path) -> None:
    """With a VRF the kernel looks local addresses up after the rules."""
    text = "route default via 10.0.0.2 from 10.0.0.0/24\n"
    assert [rule.table for rule in compiled(text, tmp_path).rules][:-1] == [254]
    assert [rule.table for rule in compiled(text + "vrf acme { table 1000 }", tmp_path).rules][:-1] == [255, 254]


def test_in_a_vrf_a_route_cannot_be_for_some_sources(tmp_path: Path) -> None:
    """The last resort of the VRF's table would be found before it, and the host's own packets not be told apart."""
    file = tmp_path / "vrf.flow"
    vrf = "vrf acme { table 1000 }\ninterface vms { device vms; address 10.9.0.1/24; vrf acme }\nzone t { interface vms }\n"
    file.write_text(HEAD + vrf + "route default via 10.9.0.2 vrf acme from 10.9.0.64/26", encoding="utf-8")
    found = compile_files([file])
    assert [one.code.name for one in found.diagnostics if one.severity is Severity.ERROR] == ["not-supported-yet"]
    assert not found.states


def test_a_table_is_that_of_its_source_wherever_the_route_stands(tmp_path: Path) -> None:
    first, second = "route default via 10.0.0.2 from 10.1.0.0/24\n", "route default via 10.0.0.3 from 10.2.0.0/24\n"
    both = [render(compiled(text, tmp_path), provenance=False) for text in (first + second, second + first)]
    assert both[0] == both[1]
    alone = {rule.table for rule in compiled(first, tmp_path).rules}
    assert alone < {rule.table for rule in compiled(second + first, tmp_path).rules}


def test_a_source_of_several_routes_has_one_table_for_each_length(tmp_path: Path) -> None:
    text = """
route default via 10.0.0.2 from {10.1.0.0/24, 10.2.0.0/24}
route default unreachable from 10.1.0.0/24 metric 9
route 192.0.2.0/24 via 10.0.0.2 from 10.1.0.0/24
"""
    assert len({row.table for row in compiled(text, tmp_path).routes}) == 3
