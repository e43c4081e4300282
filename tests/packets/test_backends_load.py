"""The scripts of `flowc compile -o` on a real kernel: apply.sh loads them, again and again, or says what is wrong."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.packets.lab import Lab, Namespace
from tests.packets.observe import wait_until
from tests.quick.backends.states import UNREACHABLE_METRIC, at, empty, marking, shared_tunnel, tenant

from flowc.api import compile_files, write_directory
from flowc.backends import BACKENDS, LOADER
from flowc.backends.files import host_folder, write_if_changed
from flowc.hoststate import (
    AddressRow,
    GreTunnel,
    HostState,
    Link,
    LinkKind,
    NeighborRow,
    NextHop,
    RouteRow,
    Rule,
    Sysctl,
)
from flowc.hoststate.tc import Match, SetMark
from flowc.ir.tables import Table

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
RULESET = """add table inet flowc
delete table inet flowc
table inet flowc {{
    flowtable fastpath {{ hook ingress priority filter; devices = {{ {devices} }}; }}
    chain forward_base {{
        type filter hook forward priority filter; policy drop;
        {rule}
    }}
}}
"""


def write(
    folder: Path, state: HostState, devices: Iterable[str] = ("lo",), rule: str = "", *, provenance: bool = True
) -> None:
    """What `flowc compile -o` would write, with a ruleset that names devices as a flowtable does."""
    for backend in (*BACKENDS, LOADER):
        if backend.name == "nft":
            text = RULESET.format(devices=", ".join(devices), rule=rule)
        else:
            text = backend.render(state, provenance=provenance)
        write_if_changed(folder / backend.file, text, executable=backend.executable)


def apply(gw: Namespace, folder: Path, *before: str) -> subprocess.CompletedProcess[str]:
    with gw.entered():
        return subprocess.run([*before, folder / LOADER.file], capture_output=True, text=True, timeout=60, check=False)


def snapshot(gw: Namespace) -> str:
    """All that apply.sh could have changed, without timers, the carrier and what the kernel adds when it comes."""
    shown = wait_until(lambda: _twice_the_same(gw), timeout=30)
    assert shown, "the gateway does not come to rest"
    return shown


def _twice_the_same(gw: Namespace) -> str:
    """What is shown, or nothing: a dump that devices are being made under may name one twice."""
    first, second = _shown(gw), _shown(gw)
    return first if first == second else ""


def _shown(gw: Namespace) -> str:
    shown = "".join(
        gw.run(*command.split())
        for command in (
            "ip -d link",
            "ip address show scope global",
            "ip rule",
            "ip -6 rule",
            "ip -4 route show table all",
            "ip -6 route show table all",
            "ip -4 neigh show nud permanent",
            "ip -6 neigh show nud permanent",
            "nft -s list ruleset",
            "sysctl net.ipv4.ip_forward net.ipv6.conf.all.forwarding",
        )
    )
    kept = [line for line in shown.splitlines() if not re.search(r"fe80::|ff00::|proto kernel", line)]
    return re.sub(r" state \w+|timer +[0-9.]+|NO-CARRIER,|,LOWER_UP|,M-DOWN| linkdown| dead", "", "\n".join(kept))


@pytest.fixture
def gw(lab: Lab) -> Namespace:
    """A gateway with its uplink eth0 and the VM's device tap75."""
    gw, vm, peer = lab.namespaces("gw", "vm", "peer")
    lab.connect((gw.port("eth0"), peer.port("eth0")), (gw.port("tap75"), vm.port("eth0")))
    return gw


def test_everything_is_loaded(gw: Namespace, tmp_path: Path) -> None:
    write(tmp_path, tenant(), ["tap75", "gre1000"])
    done = apply(gw, tmp_path)
    assert (done.returncode, done.stderr) == (0, "apply.sh: gw1 is loaded\n")
    link = gw.run("ip", "-d", "link", "show", "gre1000")
    assert "mtu 1458" in link
    assert "master vrf-acme state UP" in link or "master vrf-acme state UNKNOWN" in link
    assert "remote 172.16.0.2 local 172.16.0.1" in link
    assert "ikey 0.0.3.232 okey 0.0.3.232" in link
    assert "alias flowc" in link
    assert "10.0.0.75 lladdr 52:54:00:00:00:75 PERMANENT proto 102" in gw.run("ip", "neigh", "show", "dev", "tap75")
    assert "172.16.0.2 managed" in gw.run("ip", "neigh", "show", "dev", "eth0")
    routes = gw.run("ip", "route", "show", "table", "1000")
    assert "default via 10.0.1.241 dev gre1000 proto 102" in routes
    assert f"unreachable default proto 102 metric {UNREACHABLE_METRIC}" in routes
    for family in ("-4", "-6"):
        rules = [line.split(":")[0] for line in gw.run("ip", family, "rule").splitlines()]
        assert rules[:3] == ["500", "1000", "32765"]
        assert "0" not in rules
    assert gw.run("sysctl", "-n", "net.ipv4.ip_forward") == "1\n"


def test_a_second_run_changes_nothing(gw: Namespace, tmp_path: Path) -> None:
    write(tmp_path, tenant(), ["tap75", "gre1000"])
    assert apply(gw, tmp_path).returncode == 0
    before = snapshot(gw)
    done = apply(gw, tmp_path)
    assert (done.returncode, done.stderr) == (0, "apply.sh: gw1 is loaded\n")
    assert snapshot(gw) == before


def test_it_runs_without_provenance_too(gw: Namespace, tmp_path: Path) -> None:
    write(tmp_path, tenant(), ["tap75", "gre1000"], provenance=False)
    assert apply(gw, tmp_path).returncode == 0


def test_a_missing_device_is_named_before_anything_is_changed(gw: Namespace, tmp_path: Path) -> None:
    gw.ip("link del tap75")
    before = snapshot(gw)
    write(tmp_path, tenant(), ["gre1000"])
    done = apply(gw, tmp_path)
    assert done.returncode == 2
    assert "there is no device tap75 (gw.flow:4)" in done.stderr
    assert "nothing was changed" in done.stderr
    assert snapshot(gw) == before


@pytest.mark.parametrize(
    ("foreign", "message"),
    [
        (
            "link add gre1000 type gretap local 9.9.9.9 remote 9.9.9.8",
            "device gre1000 exists and was not made by flowc (gw.flow:5)",
        ),
        ("link add gre1000 type bridge", "device gre1000 exists and is no gretap (gw.flow:5)"),
        (
            "link add vrf-acme type vrf table 1001\nlink set vrf-acme alias flowc",
            "device vrf-acme is table 1001 and the file says table 1000 (gw.flow:2)",
        ),
    ],
    ids=["not-flowcs", "another-kind", "another-table"],
)
def test_a_device_in_the_way_is_left_alone(gw: Namespace, tmp_path: Path, foreign: str, message: str) -> None:
    gw.ip(foreign)
    before = snapshot(gw)
    write(tmp_path, tenant())
    done = apply(gw, tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    assert snapshot(gw) == before


def test_a_changed_tunnel_is_changed_in_place(gw: Namespace, tmp_path: Path) -> None:
    write(tmp_path, tenant(), ["tap75", "gre1000"])
    assert apply(gw, tmp_path).returncode == 0
    number = gw.run("ip", "-o", "link", "show", "gre1000").split(":")[0]
    write(tmp_path, tenant(key=1010), ["tap75", "gre1000"])
    assert apply(gw, tmp_path).returncode == 0
    link = gw.run("ip", "-d", "-o", "link", "show", "gre1000")
    assert "ikey 0.0.3.242 okey 0.0.3.242" in link
    assert link.split(":")[0] == number
    write(tmp_path, tenant(key=None), ["tap75", "gre1000"])
    assert apply(gw, tmp_path).returncode == 0
    assert "key" not in gw.run("ip", "-d", "link", "show", "gre1000")


def test_a_neighbour_can_become_managed_and_permanent_again(gw: Namespace, tmp_path: Path) -> None:
    managed = tenant()
    managed = replace(managed, neighbors=Table(NeighborRow, [NeighborRow(4, "172.16.0.2", "eth0", None, at(7))]))
    mac = "52:54:00:00:00:02"
    permanent = replace(managed, neighbors=Table(NeighborRow, [NeighborRow(4, "172.16.0.2", "eth0", mac, at(7))]))
    for state, expected in ((permanent, "PERMANENT"), (managed, "managed"), (permanent, "PERMANENT")):
        write(tmp_path, state, ["tap75"])
        assert apply(gw, tmp_path).returncode == 0
        assert expected in gw.run("ip", "neigh", "show", "dev", "eth0")
    assert "managed" not in gw.run("ip", "neigh", "show", "dev", "eth0")


def test_what_ip_refuses_is_traced_to_its_line(gw: Namespace, tmp_path: Path) -> None:
    state = tenant()
    routes = [
        *state.routes,
        RouteRow(4, 254, "192.0.2.0/24", "unicast", (NextHop("203.0.113.1", None, 1),), None, at(9)),
    ]
    write(tmp_path, replace(state, routes=Table(RouteRow, routes)), ["tap75"])
    done = apply(gw, tmp_path)
    assert done.returncode == 1
    assert "Nexthop has invalid gateway" in done.stderr
    assert "in: route replace 192.0.2.0/24 via 203.0.113.1" in done.stderr
    assert "gw.flow:9: this is the declaration that failed" in done.stderr


def test_what_ip_cannot_read_is_traced_although_it_gives_no_line(gw: Namespace, tmp_path: Path) -> None:
    write(tmp_path, tenant(extra_neighbors=[NeighborRow(4, "10.0.0.9", "tap75", "nomac", at(9))]), ["tap75"])
    done = apply(gw, tmp_path)
    assert done.returncode == 1
    assert '"nomac"' in done.stderr
    assert "gw.flow:9: this is the declaration that failed" in done.stderr


@pytest.mark.parametrize(
    "rule", ['ip saddr . nosuch 1 accept comment "gw.flow:9"', 'jump nowhere comment "gw.flow:9 default deny"']
)
def test_a_refused_ruleset_is_traced_and_leaves_the_devices_down(gw: Namespace, tmp_path: Path, rule: str) -> None:
    write(tmp_path, tenant(), ["tap75", "gre1000"], rule)
    done = apply(gw, tmp_path)
    assert done.returncode == 1
    assert "Error: " in done.stderr
    assert "gw.flow:9: this is the declaration that failed (ruleset.nft line 7)" in done.stderr
    assert "UP" not in gw.run("ip", "-o", "link", "show", "gre1000").split(">")[0]
    assert gw.run("sysctl", "-n", "net.ipv4.ip_forward") == "0\n"
    assert gw.run("nft", "list", "ruleset") == ""


def test_a_refused_setting_is_traced(gw: Namespace, tmp_path: Path) -> None:
    state = tenant()
    wrong = Sysctl("net/ipv4/conf/gre1000/rp_filter", "many", at(9))
    write(tmp_path, replace(state, sysctls=(wrong, *state.sysctls[1:])), ["tap75"])
    done = apply(gw, tmp_path)
    assert done.returncode == 1
    assert "gw.flow:9: this is the declaration that failed" in done.stderr
    assert gw.run("sysctl", "-n", "net.ipv4.ip_forward") == "0\n"


def test_filters_that_tell_the_keys_of_a_shared_tunnel_apart(gw: Namespace, tmp_path: Path) -> None:
    write(tmp_path, shared_tunnel(), ["gtmd"])
    for _ in range(2):
        done = apply(gw, tmp_path)
        assert done.returncode == 0, done.stderr
        shown = gw.run("tc", "filter", "show", "dev", "gtmd", "ingress")
        assert shown.count("enc_key_id") == 2
        assert "handle 0x66c0001" in shown
        assert "skbedit  mark 1/0xff pipe" in shown
    other = marking("gtmd", (20, 0x66C0002), Match(1001, "172.16.0.3", "172.16.0.1"), SetMark(2, 0xFF), at(6))
    write(tmp_path, replace(shared_tunnel(), filters=(shared_tunnel().filters[0], other)), ["gtmd"])
    assert apply(gw, tmp_path).returncode == 0
    shown = gw.run("tc", "filter", "show", "dev", "gtmd", "ingress")
    assert shown.count("enc_key_id") == 2
    assert "enc_src_ip 172.16.0.3" in shown


def everything() -> HostState:
    """One of each kind of object, IPv4 and IPv6, among them devices with unhandy names."""
    six = GreTunnel("2001:db8::1", "2001:db8::2", ikey=5, okey=6, ttl=64, underlay="eth0")
    four = GreTunnel("172.16.0.1", "172.16.0.3", ttl=64, underlay="eth0")
    hops6 = (NextHop("2001:db8::3", "eth0", 1), NextHop("2001:db8::4", "eth0", 2))
    hops4 = (NextHop("172.16.0.4", "eth0", 1), NextHop("172.16.0.5", "eth0", 2))
    return empty(
        links=(
            Link("red", LinkKind.VRF, at(2), table=1000),
            Link("blue", LinkKind.VRF, at(2), table=1001),
            Link("br", LinkKind.BRIDGE, at(2), master="blue", mac="52:54:00:00:00:01"),
            Link("eth0", LinkKind.EXISTING, at(3), mtu=1600),
            Link("eth0.5", LinkKind.VLAN, at(3), vlan=("eth0", 5), master="red"),
            Link("tap75", LinkKind.EXISTING, at(4), master="br"),
            Link("up", LinkKind.VETH, at(4), peer="name"),
            Link("name", LinkKind.VETH, at(4), peer="up", mtu=1400),
            Link("g4", LinkKind.GRE, at(5), tunnel=four),
            Link("gt4", LinkKind.GRETAP, at(5), tunnel=replace(four, ikey=0, okey=0), master="red"),
            Link("g6", LinkKind.IP6GRE, at(5), mtu=1448, tunnel=six),
            Link("bare6", LinkKind.IP6GRE, at(5), mtu=1400, tunnel=GreTunnel("2001:db8::1", "2001:db8::7", ikey=5)),
            Link("gt6", LinkKind.IP6GRETAP, at(5), mtu=1434, tunnel=replace(six, underlay=None), master="red"),
        ),
        addresses=[
            AddressRow(4, "172.16.0.1/24", "eth0", at(3)),
            AddressRow(6, "2001:db8::1/64", "eth0", at(3)),
            AddressRow(4, "10.0.5.1/24", "eth0.5", at(3)),
            AddressRow(6, "fd00::1/64", "br", at(4)),
            AddressRow(4, "10.9.0.1/24", "up", at(4)),
        ],
        routes=[
            RouteRow(4, 1000, "default", "unreachable", (), UNREACHABLE_METRIC, at(2)),
            RouteRow(6, 1000, "default", "unreachable", (), UNREACHABLE_METRIC, at(2)),
            RouteRow(4, 254, "192.0.2.0/24", "blackhole", (), None, at(8)),
            RouteRow(4, 254, "198.51.100.0/24", "unicast", hops4, None, at(8)),
            RouteRow(6, 254, "2001:db8:9::/48", "unicast", hops6, None, at(8)),
            RouteRow(6, 1001, "default", "unicast", (NextHop("fe80::1", "br", 1),), 20, at(8)),
            RouteRow(4, 1000, "default", "unicast", (NextHop("10.77.0.1", "eth0.5", 1),), None, at(8)),
            RouteRow(4, 254, "10.0.5.0/24", "unicast", (NextHop(None, "eth0.5", 1),), 5, at(8)),
        ],
        rules=(
            Rule(4, 500, 1000, at(2), mark=(1, 0xFF)),
            Rule(4, 500, 1001, at(2), mark=(2, 0xFFFFFFFF)),
            Rule(4, 501, 1001, at(2), device="name", source="10.9.0.0/24"),
            Rule(6, 500, 1000, at(2), mark=(1, 0xFF), device="up"),
        ),
        local_rule_last=True,
        neighbors=[
            NeighborRow(4, "10.0.5.9", "eth0.5", "52:54:00:00:00:09", at(6)),
            NeighborRow(6, "fd00::9", "br", "52:54:00:00:00:09", at(6)),
            NeighborRow(6, "2001:db8::2", "eth0", None, at(7)),
        ],
        sysctls=(Sysctl("net/ipv6/conf/all/forwarding", "1", None), Sysctl("net/ipv4/ip_forward", "1", None)),
    )


def test_every_kind_of_object_loads_twice(gw: Namespace, tmp_path: Path) -> None:
    write(tmp_path, everything(), ["eth0.5", "up", "gt6"])
    done = apply(gw, tmp_path)
    assert (done.returncode, done.stderr) == (0, "apply.sh: gw1 is loaded\n")
    before = snapshot(gw)
    assert "default via 10.77.0.1 dev eth0.5 proto 102 onlink" in gw.run("ip", "route", "show", "table", "1000")
    done = apply(gw, tmp_path)
    assert (done.returncode, done.stderr) == (0, "apply.sh: gw1 is loaded\n")
    assert snapshot(gw) == before


WITHOUT_IPV6 = ("unshare", "-m", "sh", "-c", 'mount -t tmpfs none /proc/sys/net && exec "$0"')
"""Hides what apply.sh looks for; the kernel still has IPv6, so what is left out can be seen."""


def test_a_host_without_ipv6_runs_a_file_that_has_none(gw: Namespace, tmp_path: Path) -> None:
    write(tmp_path, replace(tenant(), sysctls=()), ["tap75"])
    done = apply(gw, tmp_path, *WITHOUT_IPV6)
    assert done.returncode == 0, done.stderr
    assert gw.run("ip", "-6", "rule").startswith("0:")
    assert "unreachable" not in gw.run("ip", "-6", "route", "show", "table", "1000")


def test_a_host_without_ipv6_refuses_a_file_that_asks_for_it(gw: Namespace, tmp_path: Path) -> None:
    write(tmp_path, replace(everything(), sysctls=()))
    before = snapshot(gw)
    done = apply(gw, tmp_path, *WITHOUT_IPV6)
    assert done.returncode == 2
    assert "the file asks for it: gw.flow:5" in done.stderr
    assert snapshot(gw) == before


SWITCHED_OFF = "net.ipv6.conf.all.disable_ipv6"


def test_ipv6_that_is_switched_off_refuses_a_file_that_asks_for_it(gw: Namespace, tmp_path: Path) -> None:
    write(tmp_path, everything())
    gw.run("sysctl", "-q", "-w", f"{SWITCHED_OFF}=1")
    before = snapshot(gw)
    done = apply(gw, tmp_path)
    assert done.returncode == 2
    assert done.stderr == (
        f"apply.sh: {SWITCHED_OFF} switches IPv6 off, but the file asks for it: gw.flow:5\n"
        "apply.sh: nothing was changed\n"
    )
    assert snapshot(gw) == before


def test_ipv6_that_is_switched_off_runs_a_file_that_has_none(gw: Namespace, tmp_path: Path) -> None:
    write(tmp_path, tenant(), ["tap75"])
    gw.run("sysctl", "-q", "-w", f"{SWITCHED_OFF}=1")
    for _ in range(2):
        done = apply(gw, tmp_path)
        assert (done.returncode, done.stderr) == (0, "apply.sh: gw1 is loaded\n")
    # for the day it is switched on
    assert "unreachable default" in gw.run("ip", "-6", "route", "show", "table", "1000")


@pytest.mark.parametrize("example", sorted(EXAMPLES.glob("*.flow")), ids=lambda path: path.stem)
def test_the_examples_load_twice(lab: Lab, tmp_path: Path, example: Path) -> None:
    for number, (host, state) in enumerate(compile_files([example]).states.items()):
        gw, others = lab.namespaces(f"gw{number}", f"others{number}")
        devices = [link.device for link in state.links if not link.created]
        lab.connect(*((gw.port(device), others.port(device)) for device in devices))
        write_directory({host: state}, tmp_path)
        folder = tmp_path / host_folder(host)
        done = apply(gw, folder)
        assert (done.returncode, done.stderr) == (0, f"apply.sh: {host} is loaded\n")
        before = snapshot(gw)
        done = apply(gw, folder)
        assert (done.returncode, done.stderr) == (0, f"apply.sh: {host} is loaded\n")
        assert snapshot(gw) == before
