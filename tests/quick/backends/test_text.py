"""The text backends: exact output for one host of each shape, and what holds for all output."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.golden import Golden
from tests.quick.backends.filters import each_filter, in_hardware, waiting_for_macs
from tests.quick.backends.states import at, empty, shared_tunnel, tenant

from flowc.backends import BACKENDS, LOADER, Backend
from flowc.hoststate import GreTunnel, HostState, Link, LinkKind, NeighborRow, NextHop, RouteRow, Rule
from flowc.ir.tables import Table
from flowc.source import Source

EXPECTED = Path(__file__).parent / "expected"

BY_NAME = {backend.name: backend for backend in BACKENDS}
HERE = [BY_NAME["iproute2"], BY_NAME["sysctl"], BY_NAME["tc"], BY_NAME["announce"], LOADER]  # nft has tests of its own

STATES: dict[str, Callable[[], HostState]] = {
    "tenant": tenant, "shared-tunnel": shared_tunnel, "waiting-for-macs": waiting_for_macs, "empty": empty
}  # fmt: skip


def commands(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def ip(state: HostState) -> str:
    return BY_NAME["iproute2"].render(state)


@pytest.mark.parametrize("backend", HERE, ids=lambda backend: backend.file)
@pytest.mark.parametrize("name", STATES)
def test_the_text_is_as_expected(name: str, backend: Backend, *, update_golden: bool) -> None:
    file = EXPECTED / name / backend.file
    text = backend.render(STATES[name]())
    if update_golden:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    assert text == file.read_text()


@pytest.mark.parametrize("backend", HERE, ids=lambda backend: backend.file)
@pytest.mark.parametrize("name", STATES)
def test_without_provenance_the_commands_are_the_same(name: str, backend: Backend) -> None:
    state = STATES[name]()
    bare = backend.render(state, provenance=False)
    assert not re.search(r"gw\.flow", bare)
    assert bare.endswith("\n")
    if backend is not LOADER:  # it holds places as data
        assert commands(bare) == commands(backend.render(state))


def test_filters_are_as_expected(golden: Golden) -> None:
    state = replace(empty(), filters=(*each_filter("vma", "gtmd"), in_hardware("vma")))
    golden(EXPECTED / "filters.batch", BY_NAME["tc"].render(state))


@pytest.mark.parametrize("backend", HERE[:3], ids=lambda backend: backend.file)
def test_every_command_is_below_the_place_it_is_from(backend: Backend) -> None:
    place = None
    for line in backend.render(tenant()).splitlines():
        if not line:
            place = None
        elif re.fullmatch(r"# (gw\.flow:\d+|\(every host\))", line):
            place = line
        elif not line.startswith("#"):
            assert place, line


def test_all_text_is_the_same_under_every_hash_seed() -> None:
    program = (
        "from tests.quick.backends.test_text import HERE, STATES\n"
        "print([backend.render(make()) for backend in HERE for make in STATES.values()])"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


def test_a_file_name_cannot_break_out_of_its_comment() -> None:
    source = Source("a\nlink del dev eth0\r\x1b[2J.flow", "x\n")
    state = empty(links=(Link("eth0", LinkKind.EXISTING, at(1, source)),))
    for backend in HERE:
        text = backend.render(state)
        assert not [line for line in text.splitlines() if line.startswith("link del")]
        assert "\x1b" not in text
    assert "# a\\nlink del dev eth0\\r\\x1b[2J.flow:1\n" in ip(state)


@pytest.mark.parametrize(
    ("tunnel", "words"),
    [
        (GreTunnel("1.1.1.1", "2.2.2.2"), "local 1.1.1.1 remote 2.2.2.2"),
        (GreTunnel("1.1.1.1", "2.2.2.2", 0, 0), "local 1.1.1.1 remote 2.2.2.2 key 0"),
        (GreTunnel("1.1.1.1", "2.2.2.2", 7, 8), "local 1.1.1.1 remote 2.2.2.2 ikey 7 okey 8"),
        (GreTunnel("1.1.1.1", "2.2.2.2", None, 8), "local 1.1.1.1 remote 2.2.2.2 okey 8"),
        (GreTunnel(None, "2.2.2.2", 7, 7, 64, "eth0"), "remote 2.2.2.2 ttl 64 dev eth0 key 7"),
        (GreTunnel(None, None, external=True), "external"),
    ],
)
def test_tunnel_parameters(tunnel: GreTunnel, words: str) -> None:
    state = empty(links=(Link("gt", LinkKind.GRETAP, at(1), tunnel=tunnel),))
    assert commands(ip(state))[0] == f"link add name gt type gretap {words}"


def test_a_veth_pair_is_made_once_and_claimed_at_both_ends() -> None:
    state = empty(links=(Link("a", LinkKind.VETH, at(1), peer="b"), Link("b", LinkKind.VETH, at(1), peer="a")))
    assert commands(ip(state)) == [
        "link add name a type veth peer name b",
        "link set dev a alias flowc",
        "link set dev b alias flowc",
        "link set dev a up",
        "link set dev b up",
    ]


def test_a_device_of_others_is_set_up_but_not_claimed() -> None:
    state = empty(links=(Link("eth0", LinkKind.EXISTING, at(1), mtu=9000, mac="52:54:00:00:00:01"),))
    assert commands(ip(state)) == ["link set dev eth0 address 52:54:00:00:00:01 mtu 9000", "link set dev eth0 up"]


def route(row: RouteRow) -> str:
    state = replace(tenant(), routes=Table(RouteRow, [row]))
    return next(line for line in commands(ip(state)) if line.startswith("route "))


def test_only_a_gateway_that_no_address_of_its_device_covers_is_onlink() -> None:
    def via(gateway: str, device: str | None = "eth0") -> str:
        return route(RouteRow(4, 254, "9.0.0.0/8", "unicast", (NextHop(gateway, device, 1),), 5, at(8)))

    assert via("172.16.0.9") == "route replace 9.0.0.0/8 via 172.16.0.9 dev eth0 table 254 metric 5 proto 102"
    assert via("172.17.0.9") == "route replace 9.0.0.0/8 via 172.17.0.9 dev eth0 onlink table 254 metric 5 proto 102"
    assert via("172.17.0.9", None) == "route replace 9.0.0.0/8 via 172.17.0.9 table 254 metric 5 proto 102"


def test_a_link_local_gateway_is_on_its_link() -> None:
    row = RouteRow(6, 1000, "default", "unicast", (NextHop("fe80::1", "tap75", 1),), None, at(8))
    assert route(row) == "route replace ::/0 via fe80::1 dev tap75 table 1000 proto 102"


def test_several_next_hops_have_weights() -> None:
    row = RouteRow(
        4, 1000, "default", "unicast", (NextHop("10.0.0.2", "tap75", 1), NextHop(None, "gre1000", 2)), None, at(8)
    )
    assert route(row) == (
        "route replace default table 1000 proto 102"
        " nexthop via 10.0.0.2 dev tap75 weight 1 nexthop dev gre1000 weight 2"
    )


def test_routes_without_a_gateway_come_first() -> None:
    rows = [
        RouteRow(4, 254, "default", "unicast", (NextHop("10.5.0.1", None, 1),), None, at(8)),
        RouteRow(4, 254, "10.5.0.0/24", "unicast", (NextHop(None, "eth0", 1),), None, at(8)),
    ]
    found = [line for line in commands(ip(empty(routes=rows))) if line.startswith("route")]
    assert [line.split()[2] for line in found] == ["10.5.0.0/24", "default"]


def test_rules_of_ipv6_are_left_to_the_loader() -> None:
    state = empty(
        rules=(Rule(6, 500, 1000, at(2), source="2001:db8::/32"), Rule(4, 500, 255, at(2), device="tap75")),
    )
    text = ip(state)
    assert commands(text) == ["rule add pref 500 iif tap75 table local protocol 102"]
    assert "\n#-6 rule add pref 500 from 2001:db8::/32 table 1000 protocol 102\n" in text


def test_a_rule_may_leave_short_prefixes_to_the_next_one() -> None:
    state = empty(rules=(Rule(4, 3089, 254, at(2), source="10.2.0.0/24", suppress=0),))
    assert commands(ip(state)) == [
        "rule add pref 3089 from 10.2.0.0/24 table main suppress_prefixlength 0 protocol 102"
    ]


def test_only_a_file_with_ipv6_looks_whether_it_is_switched_off() -> None:
    six = NeighborRow(6, "fd00::75", "tap75", "52:54:00:00:00:75", at(6))
    assert "disable_ipv6" in LOADER.render(tenant(extra_neighbors=[six]))
    assert "disable_ipv6" not in LOADER.render(tenant())


def test_ipv4_alone_moves_no_rule_of_ipv6() -> None:
    assert "#-6" not in ip(replace(tenant(), rules=()))


def test_ten_thousand_neighbours_are_ten_thousand_lines() -> None:
    rows = [NeighborRow(4, f"10.1.{i // 256}.{i % 256}", "tap75", "52:54:00:00:00:75", at(6)) for i in range(10_000)]
    text = ip(tenant(extra_neighbors=rows))
    assert text.count("\nneigh replace ") == 10_002
    assert text.count("# gw.flow:6\n") == 2  # once for the neighbour of the state, once for the block


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
@pytest.mark.parametrize("name", STATES)
def test_the_loader_has_no_shell_traps(name: str, tmp_path: Path) -> None:
    script = tmp_path / LOADER.file
    script.write_text(LOADER.render(STATES[name]()))
    run = subprocess.run(["shellcheck", script], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout


def test_the_loader_survives_any_host_name() -> None:
    for host in ("$(reboot)", "'; reboot; '", "a\nreboot", "`reboot`", "\\"):
        script = LOADER.render(empty(host))
        assert "\nreboot" not in script
        assigned = next(line for line in script.splitlines() if line.startswith("host="))
        run = subprocess.run(["sh", "-c", f'{assigned}\nprintf %s "$host"'], capture_output=True, text=True, check=True)
        assert run.stdout == host.replace("\n", "\\n")
