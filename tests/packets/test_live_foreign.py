"""What others made is never changed: what is in the way of the file is told, with its line, and nothing is written."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from tests.packets.kerneldump import changes, dump
from tests.packets.lab import Lab, Namespace

from flowc.api import compile_files
from flowc.backends.netlink.objects.foreign import ForeignError
from flowc.hoststate import HostState
from flowc.ir.network import Host
from flowc.live import apply_state, compare_live, verify_live

FILE = """host gw { offload off }
interface wan { device eth0; address 192.0.2.2/24, 2001:db8::2/64 }
route default via 192.0.2.1 on wan
route 2001:db8:5::/48 via 2001:db8::1 on wan metric 5
route 10.5.0.0/24 on wan
neighbor 192.0.2.1 on wan 52:54:00:00:00:01
neighbor 2001:db8::1 on wan managed
zone internet { interface wan }
policy internet -> self { accept icmp }
"""
IN_THE_WAY = {
    "route add default via 192.0.2.9 dev eth0 proto static": (
        3, "route default table main via 192.0.2.9 dev eth0 exists and was not made by flowc: proto static",
    ),
    "route add blackhole 2001:db8:5::/48 metric 5": (
        4, "route blackhole 2001:db8:5::/48 table main metric 5 exists and was not made by flowc: proto boot",
    ),
    "route add throw 10.5.0.0/24": (
        5, "route throw 10.5.0.0/24 table main exists and was not made by flowc: proto boot",
    ),
    "neigh add 192.0.2.1 lladdr 52:54:00:00:00:99 dev eth0 nud permanent": (
        6, "neighbor 192.0.2.1 dev eth0 lladdr 52:54:00:00:00:99 exists and was not made by flowc",
    ),
    "neigh add 192.0.2.1 lladdr 52:54:00:00:00:98 dev eth0 nud noarp protocol zebra": (
        6, "neighbor 192.0.2.1 dev eth0 lladdr 52:54:00:00:00:98 exists and was not made by flowc",
    ),
    "neigh add 2001:db8::1 dev eth0 managed": (
        7, "neighbor 2001:db8::1 dev eth0 managed exists and was not made by flowc",
    ),
}  # fmt: skip
BESIDE = (
    "route add default via 192.0.2.9 dev eth0 proto static metric 7",
    "route add default via 192.0.2.9 dev eth0 table 77",
    "route add 2001:db8:5::/48 via 2001:db8::9 dev eth0 metric 6",
    "route add 10.5.0.0/24 dev eth0 proto kernel",
    "neigh add 192.0.2.1 lladdr 52:54:00:00:00:99 dev eth0 nud stale",
    "neigh add 192.0.2.1 lladdr 52:54:00:00:00:99 dev far0 nud permanent",
)
"""Of another metric or table, made by the kernel, learned, or on another device."""


@pytest.fixture
def gw(lab: Lab) -> Namespace:
    (one,) = lab.namespaces("gw")
    one.ip(
        "link add eth0 type veth peer name far0", "link set far0 up", "link set eth0 up",
        "addr add 192.0.2.2/24 dev eth0", "addr add 2001:db8::2/64 dev eth0 nodad",
    )  # fmt: skip
    return one


class Compiled(NamedTuple):
    state: HostState
    host: Host


@pytest.fixture
def compiled(tmp_path: Path) -> Compiled:
    file = tmp_path / "gw.flow"
    file.write_text(FILE)
    found = compile_files([file])
    return Compiled(found.states["gw"], found.network.hosts[0])


def test_it_is_told_before_anything_is_written(gw: Namespace, compiled: Compiled) -> None:
    for command, expected in IN_THE_WAY.items():
        gw.ip(command)
        before = dump(gw)
        for act in (compare_live, apply_state):
            with pytest.raises(ForeignError) as error:
                act(compiled.state, gw.name)
            assert [(one.span.line, one.text) for one in error.value.found] == [expected]
        assert not changes(before, dump(gw))
        assert verify_live(*compiled, gw.name, seconds=0).notes == (expected[1],)
        gw.ip(command.replace(" add ", " del "))


def test_once_it_is_flowcs_it_is_changed(gw: Namespace, compiled: Compiled) -> None:
    for command in IN_THE_WAY:
        word = "protocol" if command.startswith("neigh") else "proto"
        gw.ip(f"{command.replace(' add ', ' replace ').replace(' proto static', '')} {word} 102")
    apply_state(compiled.state, gw.name)
    assert compare_live(compiled.state, gw.name).compared.is_empty


def test_what_is_only_similar_is_left_alone(gw: Namespace, compiled: Compiled) -> None:
    gw.ip(*BESIDE)
    apply_state(compiled.state, gw.name)
    assert compare_live(compiled.state, gw.name).compared.is_empty
    shown = gw.ip("route show table all", "route show 2001:db8:5::/48", "neigh show dev far0")
    assert [shown.count(word) for word in ("metric 7", "table 77", "metric 6", "52:54:00:00:00:99 PERMANENT")] == [
        1
    ] * 4
