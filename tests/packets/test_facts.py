"""What the reader of facts says of a host is what ip, ss and sysctl say, and what checks conclude from it is so."""

import json
import socket
import struct
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.packets.gateway import Gateway
from tests.packets.lab import CommandFailed, Lab, Namespace
from tests.packets.observe import wait_until

from flowc.api import check_files
from flowc.backends.netlink.facts import read_host
from flowc.facts import Address, Facts, Link, Listener, ModuleState, Neighbor, NextHop, Route, TunnelEnds
from flowc.facts.given import GivenFacts

MAC, PEER = "52:54:00:00:00:01", "52:54:00:00:00:02"


@pytest.fixture
def host(lab: Lab) -> Namespace:
    """A host with something of everything."""
    gw, peer = lab.namespaces("gw", "peer")
    gw.ip(
        "link add acme type vrf table 1000",
        "link set acme up alias flowc",
        "link add br0 type bridge",
        "link set br0 up",
    )
    lab.connect(
        (gw.port("eth0", "192.0.2.1/24", "2001:db8::1/64", mac=MAC), peer.port("eth0", "192.0.2.2/24", mac=PEER)),
        (gw.port("eth1", "10.0.0.1/24", master="acme", mtu=1400), peer.port("eth1", "10.0.0.2/24", mtu=1400)),
        (gw.port("eth2", master="br0"), peer.port("eth2")),
    )
    gw.ip(
        "link add link eth0 name eth0.5 type vlan id 5",
        "link add gre7 type gretap local 192.0.2.1 remote 192.0.2.2 key 7 dev eth0",
        "link add gre8 type gre remote 192.0.2.3 ikey 0 okey 4294967295",
        "link add gre9 type gretap external",
        "link add six7 type ip6gretap local 2001:db8::1 remote 2001:db8::2 key 7",
        "link add six8 type ip6gre remote 2001:db8::2",
        "route add default via 192.0.2.2 proto 102",
        "route add 203.0.113.0/24 metric 7 nexthop via 192.0.2.2 nexthop via 192.0.2.3",
        "route add blackhole 198.51.100.0/24",
        "route add 10.9.0.0/16 via inet6 2001:db8::2 dev eth0",
        "route add 10.8.0.0/16 via 10.0.0.2 table 1000",
        "route add 2001:db8:9::/48 via 2001:db8::2",
        "route add local 192.0.2.128/25 dev lo",
        f"neigh add 192.0.2.2 lladdr {PEER} dev eth0 nud permanent",
        f"neigh add 192.0.2.3 lladdr {PEER} dev eth0 nud stale",
        "neigh add 192.0.2.4 dev eth0 nud failed",
        f"neigh add 2001:db8::2 lladdr {PEER} dev eth0 nud permanent",
    )
    gw.sysctl({"net.ipv4.ip_forward": 1, "net.ipv4.conf.eth0/5.rp_filter": 2, "net.ipv4.tcp_l3mdev_accept": 1})
    return gw


def listed(namespace: Namespace, *command: str) -> list[dict[str, Any]]:
    """What `ip` lists, as JSON; an empty list is an empty text in old ones."""
    return [row for row in json.loads(namespace.run("ip", "-json", *command) or "[]") if row]


def number(key: str | None) -> int | None:
    """`ip` prints keys as if they were addresses."""
    return None if key is None else struct.unpack("!I", socket.inet_aton(key))[0]


def same_operstates(namespace: Namespace) -> bool:
    """The kernel finds out a moment later that a link is up, and it may do so between two questions."""
    found = {link.name: link.operstate for link in read_host("gw").links or ()}
    return found == {row["ifname"]: row["operstate"].lower() for row in listed(namespace, "link", "show")}


def test_links_are_those_that_ip_shows(host: Namespace) -> None:
    assert wait_until(lambda: same_operstates(host))
    found = {link.name: link for link in read_host("gw").links or ()}
    shown = {row["ifname"]: row for row in listed(host, "-details", "link", "show")}
    assert found.keys() == shown.keys()
    for name, row in shown.items():
        link, info = found[name], row.get("linkinfo", {})
        assert (link.kind, link.mtu) == (info.get("info_kind"), row["mtu"])
        assert (link.master, link.alias) == (row.get("master"), row.get("ifalias"))
        assert link.up == ("UP" in row["flags"])
        assert (link.max_mtu, link.min_mtu) == (row["max_mtu"] or None, row["min_mtu"] or None)
        assert (link.switch_id, link.port_name) == (row.get("phys_switch_id"), row.get("phys_port_name"))
        assert link.parent == (row.get("link") if "link_netnsid" not in row else None)
        if link.tunnel is not None and not link.tunnel.external:
            data = info["info_data"]
            assert (link.tunnel.ikey, link.tunnel.okey) == (number(data.get("ikey")), number(data.get("okey")))
    assert found["eth0"].mac == MAC
    assert (found["eth0"].driver, found["eth0"].kind, found["eth0"].hw_tc_offload) == ("veth", "veth", False)
    assert (found["acme"].table, found["eth0.5"].vlan) == (1000, 5)
    assert found["gre7"].tunnel == TunnelEnds(local="192.0.2.1", remote="192.0.2.2", ikey=7, okey=7)
    assert found["gre8"].tunnel == TunnelEnds(remote="192.0.2.3", ikey=0, okey=4294967295)
    assert found["gre9"].tunnel == TunnelEnds(external=True)
    assert found["six7"].tunnel == TunnelEnds(local="2001:db8::1", remote="2001:db8::2", ikey=7, okey=7)
    assert found["six8"].tunnel == TunnelEnds(remote="2001:db8::2")


def test_addresses_routes_and_neighbours_are_those_that_ip_shows(host: Namespace) -> None:
    facts = read_host("gw")
    shown = {
        Address(device=row["ifname"], address=f"{one['local']}/{one['prefixlen']}")
        for row in listed(host, "addr", "show")
        for one in row["addr_info"]
        if one
    }
    assert {*(facts.addresses or ())} == shown
    assert Address(device="eth1", address="10.0.0.1/24") in shown

    neighbors = {(row["dev"], row["dst"], row["state"][0].lower()) for row in listed(host, "neigh", "show")}
    assert {(one.device, one.address, one.state) for one in facts.neighbors or ()} == neighbors
    assert Neighbor(device="eth0", address="192.0.2.3", mac=PEER, state="stale") in (facts.neighbors or ())
    assert ("eth0", "192.0.2.4", "failed") in neighbors

    wanted = [
        Route(table=254, destination="0.0.0.0/0", nexthops=hops("192.0.2.2"), protocol=102),
        Route(table=254, destination="203.0.113.0/24", nexthops=hops("192.0.2.2", "192.0.2.3"), metric=7, protocol=3),
        Route(table=254, destination="198.51.100.0/24", kind="blackhole", protocol=3),
        Route(table=254, destination="10.9.0.0/16", nexthops=hops("2001:db8::2"), protocol=3),
        Route(table=1000, destination="10.8.0.0/16", nexthops=hops("10.0.0.2", device="eth1"), protocol=3),
        Route(table=1000, destination="10.0.0.0/24", nexthops=(NextHop(device="eth1"),), protocol=2),
        Route(table=254, destination="2001:db8:9::/48", nexthops=hops("2001:db8::2"), metric=1024, protocol=3),
        Route(table=255, destination="192.0.2.128/25", kind="local", protocol=3),
    ]
    assert [one for one in wanted if one not in (facts.routes or ())] == []
    for family, colon in (("-4", False), ("-6", True)):
        rows = listed(host, family, "route", "show", "table", "all")
        # What follows from an address is left out.
        kept = [row for row in rows if row.get("type", "unicast") in ("unicast", "blackhole")]
        assert len(
            [one for one in facts.routes or () if one.kind != "local" and (":" in one.destination) == colon]
        ) == len(kept)


def hops(*gateways: str, device: str = "eth0") -> tuple[NextHop, ...]:
    return tuple(NextHop(gateway=gateway, device=device) for gateway in gateways)


def test_settings_are_those_that_sysctl_shows(host: Namespace) -> None:
    settings = read_host("gw").sysctls or {}
    shown = host.run("sysctl", "-n", *settings).splitlines()
    assert [" ".join(line.split()) for line in shown] == list(settings.values())
    assert settings["net/ipv4/ip_forward"] == settings["net/ipv4/tcp_l3mdev_accept"] == "1"
    assert settings["net/ipv4/conf/eth0.5/rp_filter"] == "2"


def test_listening_sockets_are_those_that_ss_shows(host: Namespace) -> None:
    def open_socket(family: int, kind: int, address: str, port: int, device: str | None, *, only: bool = False) -> None:
        one = host.keep(closing(host.socket(family, kind)))
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, only)
        if device:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
        one.bind((address, port))
        if kind == socket.SOCK_STREAM:
            one.listen()

    inet, inet6, stream, datagram = socket.AF_INET, socket.AF_INET6, socket.SOCK_STREAM, socket.SOCK_DGRAM
    open_socket(inet, stream, "0.0.0.0", 22, None)  # noqa: S104  # in a namespace
    open_socket(inet, stream, "10.0.0.1", 23, "acme")
    open_socket(inet6, stream, "::", 80, None)
    open_socket(inet6, stream, "2001:db8::1", 443, None, only=True)
    open_socket(inet, datagram, "192.0.2.1", 53, "eth0")
    open_socket(inet6, datagram, "::", 546, "eth0", only=True)

    process = Path("/proc/self/comm").read_text().strip()
    facts = read_host("gw")
    assert facts.listeners == (
        Listener(protocol="tcp", address="0.0.0.0", port=22, process=process),  # noqa: S104
        Listener(protocol="tcp", address="10.0.0.1", port=23, device="acme", process=process),
        Listener(protocol="tcp", address="::", port=80, process=process),
        Listener(protocol="tcp", address="2001:db8::1", port=443, ipv6_only=True, process=process),
        Listener(protocol="udp", address="192.0.2.1", port=53, device="eth0", process=process),
        Listener(protocol="udp", address="::", port=546, device="eth0", ipv6_only=True, process=process),
    )
    assert not [one for one in facts.missing if one.field.startswith("listeners")]
    shown = {tuple(line.split()[:1] + line.split()[4:5]) for line in host.run("ss", "-H", "-tuln").splitlines()}
    assert {(one.protocol, where(one)) for one in facts.listeners} == shown


def where(one: Listener) -> str:
    """As ss prints it."""
    address = f"[{one.address}]" if ":" in one.address else one.address
    if one.address == "::" and not one.ipv6_only:
        address = "*"
    return f"{address}{'%' + one.device if one.device else ''}:{one.port}"


def test_modules_and_tools_are_those_of_the_guest(host: Namespace) -> None:
    facts = read_host("gw")
    states = facts.modules or {}
    loaded = {line.split()[0] for line in host.run("lsmod").splitlines()[1:]}
    assert {name for name, state in states.items() if state is ModuleState.LOADED} == loaded & states.keys()
    assert {"vrf", "ip_gre", "bridge", "8021q"} <= loaded
    assert states["act_ct"] in (ModuleState.AVAILABLE, ModuleState.LOADED)
    assert ModuleState.ABSENT not in states.values()
    assert f"v{facts.tools.nft} " in host.run("nft", "--version")
    assert f"iproute2-{facts.tools.iproute2}," in host.run("ip", "-V")


FILE = """
vrf acme { table 1000 }
interface wan { device eth0; address 192.0.2.1/24 }
interface vms { device eth1; address 10.0.0.1/24; vrf acme }
interface lan { vlan 5 on wan; address 10.5.0.1/24 }
tunnel far { type gretap; key 7; local 192.0.2.1; remote 192.0.2.2; address 10.7.0.1/24 }
endpoint web { address 10.5.0.80; interface lan; mac 52:54:00:00:05:80 }
route default via 192.0.2.2
zone internet { interface wan }
zone tenant { interface vms }
zone office { interface lan, far }
pool public 192.0.2.0/24 at internet
eip 192.0.2.9 <-> web
policy internet -> office { accept tcp 80 to web offload }
policy internet -> self { accept tcp 22 }
nat internet -> office { dnat tcp 192.0.2.1:8080 -> web:80 }
"""


def findings(folder: Path, facts: Facts) -> list[str]:
    file = folder / "gateway.flow"
    file.write_text(FILE)
    return [one.code.name for one in check_files([file], [GivenFacts(facts)]).diagnostics if one.code.number >= "FC810"]


@pytest.fixture
def empty(lab: Lab) -> Namespace:
    """A host with its two NICs and nothing else."""
    gw, peer = lab.namespaces("gw", "peer")
    lab.connect((gw.port("eth0"), peer.port("eth0", "192.0.2.2/24")), (gw.port("eth1"), peer.port("eth1")))
    return gw


def test_a_host_that_was_loaded_fits_its_file(empty: Namespace, tmp_path: Path) -> None:
    assert findings(tmp_path, read_host("gw")) == []
    Gateway(empty).load(FILE)
    facts = read_host("gw")
    assert findings(tmp_path, facts) == []
    assert Address(device="eth0", address="192.0.2.9/32") in (facts.addresses or ())  # the EIP, answered for
    (far,) = (link for link in facts.links or () if link.name == "far")
    assert (far.alias, far.kind) == ("flowc", "gretap")


@pytest.mark.parametrize(
    ("made", "finding"),
    [
        ("link add old type gretap local 192.0.2.1 remote 192.0.2.2 key 7", "link-exists"),
        ("link add link eth0 name old type vlan id 5", "link-exists"),
        ("link add acme type vrf table 1000", "device-taken"),
        ("link del eth1", "device-missing"),
    ],
)
def test_what_is_in_the_way_by_the_facts_is_refused(empty: Namespace, tmp_path: Path, made: str, finding: str) -> None:
    empty.ip(made)
    assert findings(tmp_path, read_host("gw")) == [finding]
    with pytest.raises(CommandFailed):
        Gateway(empty).load(FILE)


def test_the_reader_leaves_the_test_where_it_was(host: Namespace) -> None:
    before = Path("/proc/thread-self/ns/net").readlink()
    names: set[Link] = set(read_host("gw").links or ())
    assert Path("/proc/thread-self/ns/net").readlink() == before
    assert "acme" in {link.name for link in names}
    assert host.name == "gw"
