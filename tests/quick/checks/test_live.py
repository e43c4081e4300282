"""What checks against facts report, and what they leave alone because it is right on a real host."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from flowc.api import check_files
from flowc.checks.live import CHECKS, module_missing
from flowc.diagnostics import Diagnostic
from flowc.facts import modules
from flowc.facts.document import parse_facts
from flowc.facts.given import GivenFacts

EXAMPLES = sorted((Path(__file__).resolve().parents[3] / "examples").glob("*.flow"))

GATEWAY = """
interface wan { device eth0; address 198.51.100.2/24 }
interface lan { device eth1; address 10.0.0.1/24 }
endpoint web { address 10.0.0.80; interface lan }
route default via 198.51.100.1
zone internet { interface wan }
zone office { interface lan }
pool public 198.51.100.0/24 at internet
policy internet -> office { accept }
policy office -> internet { accept }
policy internet -> self { accept }
"""
VRF = """
vrf acme { table 1000 }
interface wan { device eth0; address 198.51.100.2/24; vrf acme }
interface lan { device eth1; address 10.0.0.1/24; vrf acme }
endpoint web { address 10.0.0.80; interface lan }
zone internet { interface wan }
zone office { interface lan }
policy internet -> office { accept }
policy internet -> self { accept }
"""
TUNNEL = """
interface uplink { device eth0; address 172.16.0.1/24 }
tunnel far { type gretap; key 7; local 172.16.0.1; remote 172.16.0.2; address 10.0.1.1/24 }
zone underlay { interface uplink }
zone tenant { interface far }
policy tenant -> self { accept icmp }
"""

Rows = list[dict[str, Any]]


def reported(folder: Path, text: str, facts: Mapping[str, Any]) -> list[Diagnostic]:
    """What the facts add to what is found in a file anyway."""
    file = folder / "gateway.flow"
    file.write_text(text)
    given = GivenFacts(parse_facts(json.dumps({"version": 1} | dict(facts)), "facts.json"))
    numbers = {check.code.number for check in CHECKS}
    return [one for one in check_files([file], [given]).diagnostics if one.code.number in numbers]


def names(folder: Path, text: str, **facts: Any) -> list[str]:  # noqa: ANN401  # JSON
    return [one.code.name for one in reported(folder, text, facts)]


def listening(port: int, address: str = "0.0.0.0", protocol: str = "tcp", **more: object) -> dict[str, Any]:  # noqa: S104
    return {"protocol": protocol, "address": address, "port": port, **more}


# ---- services that a port forward takes


FORWARD = GATEWAY + "nat internet -> office { dnat tcp 198.51.100.2:8080-8089 -> web }\n"


@pytest.mark.parametrize(
    ("listener", "captured"),
    [
        (listening(8080), True),
        (listening(8089, "198.51.100.2"), True),
        (listening(8080, "::"), True),  # takes IPv4 as well
        (listening(8080, "::", ipv6_only=True), False),
        (listening(8080, "::ffff:198.51.100.2"), True),
        (listening(8080, device="eth0"), True),
        (listening(8080, device="eth1"), False),
        (listening(8080, "127.0.0.1"), False),
        (listening(8080, "10.0.0.1"), False),
        (listening(8090), False),
        (listening(8080, protocol="udp"), False),
    ],
)
def test_a_service_is_captured_where_the_forward_would_have_reached_it(
    tmp_path: Path, listener: dict[str, Any], captured: bool
) -> None:
    assert ("service-captured" in names(tmp_path, FORWARD, listeners=[listener])) == captured


def test_a_service_that_the_zone_does_not_reach_anyway_is_not_captured(tmp_path: Path) -> None:
    listeners = [listening(8080)]
    other = FORWARD.replace("policy internet -> self { accept }", "policy internet -> self { accept tcp {22, 8090} }")
    assert names(tmp_path, other, listeners=listeners) == []
    every = FORWARD.replace("policy internet -> self { accept }", "policy any -> self { accept }")
    assert names(tmp_path, every, listeners=listeners) == ["service-captured"]


def test_an_address_that_flowc_only_answers_for_has_no_services(tmp_path: Path) -> None:
    """Loaded once, it is the host's own as /32: all that is sent to it is for what it is translated to."""
    text = GATEWAY + "nat internet -> office { dnat tcp 198.51.100.9:22 -> web }\n"
    facts = {"listeners": [listening(22)], "addresses": [{"device": "eth0", "address": "198.51.100.9/32"}]}
    assert names(tmp_path, text, **facts) == []
    facts["addresses"] = [{"device": "eth0", "address": "198.51.100.9/24"}]  # by DHCP, or by hand
    assert names(tmp_path, text, **facts) == ["service-captured"]


def test_all_services_of_a_forwarded_address_are_one_finding(tmp_path: Path) -> None:
    text = GATEWAY + "nat internet -> office { dnat 198.51.100.2 -> web }\n"
    facts = {"listeners": [listening(port, process=f"d{port}") for port in (22, 53, 80, 443, 8080)]}
    (one,) = reported(tmp_path, text, facts)
    assert "tcp 22 (d22), tcp 53 (d53), tcp 80 (d80) and 2 more" in one.message
    assert [label.text for label in one.related] == ["this admits it to the host"]


def test_a_client_socket_within_a_range_is_no_service(tmp_path: Path) -> None:
    """A resolver's socket is not connected, and on any port: but a port that is named alone is meant."""
    wide = GATEWAY + "nat internet -> office { dnat udp 198.51.100.2:40000-50000 -> web }\n"
    single = GATEWAY + "nat internet -> office { dnat udp 198.51.100.2:45000 -> web }\n"
    listeners = [listening(45000, protocol="udp")]
    assert names(tmp_path, wide, listeners=listeners) == []
    assert names(tmp_path, single, listeners=listeners) == ["service-captured"]
    ports = {"net/ipv4/ip_local_port_range": "50001 60999"}
    assert names(tmp_path, wide, listeners=listeners, sysctls=ports) == ["service-captured"]


@pytest.mark.parametrize(
    ("listener", "accept", "captured"),
    [
        (listening(22), "0", False),
        (listening(22), "1", True),
        (listening(22, device="acme"), "0", True),
        (listening(22, device="globex"), "1", False),
    ],
)
def test_in_a_vrf_the_services_of_the_vrf_count(
    tmp_path: Path, listener: dict[str, Any], accept: str, captured: bool
) -> None:
    text = VRF + "nat internet -> office { dnat tcp 198.51.100.2:22 -> web }\n"
    found = names(tmp_path, text, listeners=[listener], sysctls={"net/ipv4/tcp_l3mdev_accept": accept})
    assert ("service-captured" in found) == captured


# ---- public addresses

EIP = GATEWAY + "eip 198.51.100.9 <-> web\n"


@pytest.mark.parametrize(
    ("neighbor", "in_use"),
    [
        ({"device": "eth0", "mac": "52:54:00:00:00:09", "state": "stale"}, True),
        ({"device": "eth0", "state": "failed"}, False),
        ({"device": "eth0", "mac": "52:54:00:00:00:09", "state": "permanent"}, False),
        ({"device": "eth1", "mac": "52:54:00:00:00:09", "state": "stale"}, False),
        ({"device": "eth0", "mac": "52:54:00:00:00:01", "state": "stale"}, False),  # the host's own
    ],
)
def test_an_eip_that_a_machine_answers_for_is_in_use(tmp_path: Path, neighbor: dict[str, str], in_use: bool) -> None:
    links = [{"name": "eth0", "mac": "52:54:00:00:00:01"}, {"name": "eth1"}]
    found = names(tmp_path, EIP, links=links, neighbors=[{"address": "198.51.100.9", **neighbor}])
    assert ("public-address-in-use" in found) == in_use


@pytest.mark.parametrize(
    ("address", "in_use"),
    [
        ({"device": "eth9", "address": "198.51.100.9/24"}, True),
        ({"device": "lo", "address": "198.51.100.9/32"}, True),
        ({"device": "eth0", "address": "198.51.100.9/32"}, False),  # flowc's own doing
        ({"device": "blue", "address": "198.51.100.9/32"}, False),  # in another VRF
    ],
)
def test_an_eip_that_the_host_has_elsewhere_is_in_use(tmp_path: Path, address: dict[str, str], in_use: bool) -> None:
    links = [{"name": "eth0"}, {"name": "eth1"}, {"name": "blue", "kind": "vrf", "table": 7}]
    found = names(tmp_path, EIP, links=links, addresses=[address])
    assert ("public-address-in-use" in found) == in_use


@pytest.mark.parametrize("public", ["eip 198.51.100.254 <-> web", "eip 198.51.100.252/30 <-> 10.0.0.252/30"])
def test_a_public_address_that_is_the_hosts_router_is_in_use(tmp_path: Path, public: str) -> None:
    hop = {"gateway": "198.51.100.254", "device": "eth0"}
    route = {"table": 254, "destination": "203.0.113.0/24", "nexthops": [hop], "protocol": 4}
    assert names(tmp_path, f"{GATEWAY}{public}\n", routes=[route]) == ["public-address-in-use"]
    assert names(tmp_path, f"{GATEWAY}{public}\n", routes=[route | {"protocol": 102}]) == []


# ---- devices


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ({"kind": "gretap", "alias": "flowc", "tunnel": {}}, []),
        ({"kind": "gretap", "tunnel": {}}, ["device-taken"]),
        ({"kind": "vxlan"}, ["device-taken"]),
        ({}, ["device-taken"]),
        ({"kind": "gretap", "alias": "flowc", "tunnel": {"external": True}}, ["device-taken"]),
    ],
)
def test_a_device_that_flowc_makes_may_be_there_if_it_is_flowcs(
    tmp_path: Path, link: dict[str, Any], expected: list[str]
) -> None:
    assert names(tmp_path, TUNNEL, links=[{"name": "eth0"}, {"name": "far", **link}]) == expected


@pytest.mark.parametrize(
    ("tunnel", "parent", "exists"),
    [
        ({"local": "172.16.0.1", "remote": "172.16.0.2", "ikey": 7, "okey": 7}, None, True),
        ({"local": "172.16.0.1", "remote": "172.16.0.2", "ikey": 7, "okey": 7}, "eth0", False),
        ({"local": "172.16.0.1", "remote": "172.16.0.2", "ikey": 7, "okey": 8}, None, True),
        ({"local": "172.16.0.1", "remote": "172.16.0.2"}, None, False),
        ({"remote": "172.16.0.2", "ikey": 7, "okey": 7}, None, False),
    ],
)
def test_the_same_tunnel_by_another_name_is_in_the_way(
    tmp_path: Path, tunnel: dict[str, Any], parent: str | None, exists: bool
) -> None:
    link = {"name": "gre7", "kind": "gretap", "tunnel": tunnel} | ({"parent": parent} if parent else {})
    assert ("link-exists" in names(tmp_path, TUNNEL, links=[{"name": "eth0"}, link])) == exists


@pytest.mark.parametrize(
    ("links", "expected"),
    [
        ([{"name": "eth1", "master": "acme"}, {"name": "acme", "kind": "vrf", "table": 1000}], []),
        ([{"name": "eth1", "master": "br0"}, {"name": "br0", "kind": "bridge"}], ["device-has-other-master"]),
        ([{"name": "eth1", "master": "br0"}, {"name": "br0", "kind": "bridge", "alias": "flowc"}], []),
    ],
)
def test_a_device_is_taken_from_a_master_that_is_not_flowcs(tmp_path: Path, links: Rows, expected: list[str]) -> None:
    found = names(tmp_path, VRF, links=[{"name": "eth0"}, *links])
    assert [name for name in found if name != "device-taken"] == expected


def test_a_port_that_only_carries_a_vlan_may_be_in_a_bond(tmp_path: Path) -> None:
    text = "interface trunk { device eth0 }\ninterface lan { vlan 5 on trunk; address 10.0.0.1/24 }\n"
    text += "zone inside { interface lan }\npolicy inside -> self { accept }\n"
    links = [{"name": "eth0", "master": "bond0"}, {"name": "bond0", "kind": "bond"}]
    assert names(tmp_path, text, links=links) == []


def test_an_address_may_be_in_another_vrf_too_or_alone(tmp_path: Path) -> None:
    links = [{"name": name} for name in ("eth0", "eth1", "eth8")] + [{"name": "blue", "kind": "vrf", "table": 7}]
    addresses = [{"device": "eth8", "address": "10.0.0.1/24"}]
    assert names(tmp_path, GATEWAY, links=links, addresses=addresses) == ["address-elsewhere"]
    alone = [{"device": "eth8", "address": "10.0.0.1/32"}]
    assert names(tmp_path, GATEWAY, links=links, addresses=alone) == []
    links[2]["master"] = "blue"
    assert names(tmp_path, GATEWAY, links=links, addresses=addresses) == []


@pytest.mark.parametrize(("mtu", "expected"), [(1400, ["underlay-mtu-smaller"]), (1500, []), (9000, [])])
def test_a_tunnel_has_to_fit_the_device_below(tmp_path: Path, mtu: int, expected: list[str]) -> None:
    assert names(tmp_path, TUNNEL, links=[{"name": "eth0", "mtu": mtu}]) == expected


def test_a_tunnel_that_says_a_smaller_mtu_fits(tmp_path: Path) -> None:
    text = TUNNEL.replace("key 7;", "key 7; mtu 1300;")
    assert names(tmp_path, text, links=[{"name": "eth0", "mtu": 1400}]) == []


# ---- routes and tables


@pytest.mark.parametrize(
    ("route", "replaced"),
    [
        ({"nexthops": [{"gateway": "198.51.100.9", "device": "eth0"}], "protocol": 3}, True),
        ({"nexthops": [{"gateway": "198.51.100.1", "device": "eth0"}], "protocol": 3}, False),  # the same way
        ({"nexthops": [{"gateway": "198.51.100.9", "device": "eth0"}], "protocol": 16, "metric": 100}, False),
        ({"nexthops": [{"gateway": "198.51.100.9", "device": "eth0"}], "protocol": 102}, False),
        ({"kind": "blackhole", "protocol": 4}, True),
        ({"nexthops": [{"gateway": "198.51.100.9", "device": "eth0"}], "protocol": 3, "table": 100}, False),
    ],
)
def test_a_route_is_replaced_where_the_kernel_keeps_one(tmp_path: Path, route: dict[str, Any], replaced: bool) -> None:
    live = {"table": 254, "destination": "0.0.0.0/0"} | route
    assert ("route-replaced" in names(tmp_path, GATEWAY, routes=[live])) == replaced


def test_many_replaced_routes_are_one_finding(tmp_path: Path) -> None:
    text = GATEWAY + "".join(f"route 10.{n}.0.0/16 via 198.51.100.1\n" for n in range(1, 6))
    hop = {"gateway": "198.51.100.7", "device": "eth0"}
    live = [{"table": 254, "destination": f"10.{n}.0.0/16", "nexthops": [hop], "protocol": 12} for n in range(1, 6)]
    (one,) = reported(tmp_path, text, {"routes": live})
    assert one.notes[0] == "so it is with 4 more"


@pytest.mark.parametrize(
    ("links", "routes", "expected"),
    [
        ([], [{"protocol": 4}], ["vrf-table-in-use"]),
        ([], [{"protocol": 2}, {"protocol": 102}], []),
        ([{"name": "acme", "kind": "vrf", "table": 1000, "alias": "flowc"}], [{"protocol": 186}], []),
        ([{"name": "blue", "kind": "vrf", "table": 1000}], [], ["vrf-table-in-use"]),
    ],
)
def test_the_table_of_a_vrf_is_its_own(tmp_path: Path, links: Rows, routes: Rows, expected: list[str]) -> None:
    rows = [{"table": 1000, "destination": "10.9.0.0/16", **one} for one in routes]
    ports = [{"name": "eth0"}, {"name": "eth1"}]
    assert names(tmp_path, VRF, links=[*ports, *links], routes=rows) == expected


def test_a_next_hop_is_reported_once_and_one_with_a_mac_never(tmp_path: Path) -> None:
    text = GATEWAY + "route 10.9.0.0/16 via 198.51.100.1\nneighbor 198.51.100.3 on wan managed\n"
    failed = [{"device": "eth0", "address": f"198.51.100.{n}", "state": "failed"} for n in (1, 3)]
    assert names(tmp_path, text, neighbors=failed) == ["next-hop-does-not-answer"] * 2
    text = GATEWAY + "neighbor 198.51.100.1 on wan 52:54:00:00:00:01\n"
    assert names(tmp_path, text, neighbors=failed) == []


# ---- offload, modules, settings

HARDWARE = GATEWAY.replace("office -> internet { accept }", "office -> internet { accept offload }")


@pytest.mark.parametrize(
    ("mode", "link", "expected"),
    [
        ("hardware", {"kind": "veth"}, ["device-takes-no-flows"]),
        ("hardware", {"driver": "virtio_net", "hw_tc_offload": False}, ["device-takes-no-flows"]),
        ("hardware", {"driver": "mtk_soc_eth", "hw_tc_offload": False}, ["hw-tc-offload-off"]),
        ("hardware", {"driver": "mlx5_core", "hw_tc_offload": True, "eswitch": "legacy"}, ["eswitch-legacy"]),
        ("hardware", {"driver": "of-a-vendor", "hw_tc_offload": False}, []),
        ("hardware", {"kind": "vlan", "parent": "eth9"}, []),
        ("software", {"kind": "veth"}, []),
    ],
)
def test_what_cannot_be_offloaded_is_said_of_those_that_cannot(
    tmp_path: Path, mode: str, link: dict[str, Any], expected: list[str]
) -> None:
    text = f"host gw1 {{ offload {mode} }}\n" + HARDWARE
    eth0 = {"name": "eth0", "driver": "mlx5_core", "hw_tc_offload": True, "eswitch": "switchdev"}
    assert names(tmp_path, text, links=[eth0, {"name": "eth1", **link}]) == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"modules": {"nft_flow_offload": "absent"}}, ["module-missing"]),
        ({"modules": {"nft_flow_offload": "available"}}, []),
        ({"modules": {"nft_flow_offload": "available"}, "sysctls": {"kernel/modules_disabled": "1"}}, ["module-missing"]),
        ({"modules": {"vrf": "absent", "ip_gre": "absent", "nft_masq": "absent"}}, []),  # nothing needs them
    ],
)  # fmt: skip
def test_a_module_is_missing_where_something_needs_it(
    tmp_path: Path, facts: dict[str, Any], expected: list[str]
) -> None:
    assert names(tmp_path, HARDWARE, **facts) == expected


def test_tc_needs_the_modules_of_its_actions(tmp_path: Path) -> None:
    facts = {"modules": {"act_ct": "absent"}}
    mac = HARDWARE.replace("interface lan }\nroute", "interface lan; mac 52:54:00:00:00:80 }\nroute")
    text = mac + "neighbor 198.51.100.1 on wan managed\neip 198.51.100.8 <-> web\n"
    assert names(tmp_path, text, **facts) == []
    assert names(tmp_path, "host gw1 { offload software; datapath tc }\n" + text, **facts) == ["module-missing"]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_every_module_that_a_file_needs_is_one_that_facts_tell_of(example: Path) -> None:
    hosts = check_files([example]).network.hosts
    needed = {name for host in hosts for need in module_missing.needs(host) for name in need.modules}
    assert needed
    assert needed <= set(modules.MODULES)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_a_host_that_is_what_the_file_says_has_no_finding(example: Path) -> None:
    """Facts that say nothing but the names of its devices: all that was not read is fine."""
    network = check_files([example]).network
    given = []
    for host in network.hosts:
        links = [{"name": one.device} for one in host.interfaces.values() if type(one.link).__name__ == "Device"]
        given.append(GivenFacts(parse_facts(json.dumps({"version": 1, "links": links}), "facts.json"), host.name))
    numbers = {check.code.number for check in CHECKS}
    assert [one.message for one in check_files([example], given).diagnostics if one.code.number in numbers] == []


def test_bridges_are_left_alone_by_a_file_that_switches_them_off(tmp_path: Path) -> None:
    on = {"net/bridge/bridge-nf-call-iptables": "1"}
    links = [
        {"name": "eth0"},
        {"name": "eth1"},
        {"name": "docker0", "kind": "bridge"},
        {"name": "v1", "master": "docker0"},
    ]
    assert names(tmp_path, GATEWAY, sysctls=on, links=links) == ["bridged-traffic-dropped"]
    text = GATEWAY.replace("{ device eth1;", "{ device br-lan; bridge port;") + "interface port { device eth1 }\n"
    assert names(tmp_path, text, sysctls=on, links=links) == []
    assert names(tmp_path, GATEWAY, sysctls=on, links=links[:3]) == []  # without a port it switches nothing


@pytest.mark.parametrize(
    ("listeners", "expected"),
    [
        ([listening(22)], ["service-not-in-vrf"]),
        ([listening(22), listening(22, device="acme")], []),
        ([listening(22, "127.0.0.1")], []),
        ([], []),
    ],
)
def test_a_service_does_not_hear_a_vrf_that_it_is_not_in(tmp_path: Path, listeners: Rows, expected: list[str]) -> None:
    text = VRF + "policy office -> self { accept tcp 22 }\n"
    off = {"net/ipv4/tcp_l3mdev_accept": "0"}
    assert names(tmp_path, text, listeners=listeners, sysctls=off) == expected
    assert names(tmp_path, text, listeners=listeners) == []  # it was not read


def of_drivers(folder: Path, text: str, **drivers: str | None) -> list[str]:
    """What FC835 is reported of."""
    links = [{"name": name, "driver": driver, "hw_tc_offload": True} for name, driver in drivers.items()]
    found = reported(folder, text, {"links": links})
    return [one.message.split("`")[1] for one in found if one.code.number == "FC835"]


def test_a_driver_that_takes_no_conntrack_is_told_where_tc_carries_flows(tmp_path: Path) -> None:
    (check,) = (one for one in CHECKS if one.code.number == "FC835")
    assert of_drivers(tmp_path, check.bad, eth0="ice", eth1="cxgb4") == ["eth0", "eth1"]
    assert of_drivers(tmp_path, check.bad, eth0="mlx5_core", eth1="nfp") == []
    assert of_drivers(tmp_path, check.bad, eth0=None, eth1="some_nic") == []
    assert of_drivers(tmp_path, check.bad) == []
    software = check.bad.replace("offload hardware", "offload software")
    assert of_drivers(tmp_path, software, eth0="ice", eth1="ice") == []
    unknown = check.bad.replace("; mac 02:00:00:00:00:07", "")  # so that nothing is tc's
    assert of_drivers(tmp_path, unknown, eth0="ice", eth1="ice") == []


def test_the_driver_below_a_vlan_counts(tmp_path: Path) -> None:
    (check,) = (one for one in CHECKS if one.code.number == "FC835")
    text = check.bad.replace(
        "interface vms { device eth1;", "interface nic { device eth1 }\ninterface vms { vlan 5 on nic;"
    )
    assert of_drivers(tmp_path, text, eth0="mlx5_core", eth1="ice") == ["eth1"]


def test_a_nic_of_tc_is_looked_at_as_one_of_the_flowtable(tmp_path: Path) -> None:
    """No flow of these devices can be the flowtable's, so it has none of them."""
    (check,) = (one for one in CHECKS if one.code.number == "FC835")
    text = check.bad.replace("device eth1;", "device eth1; spoofing strict;")
    mlx5 = {"driver": "mlx5_core", "hw_tc_offload": True, "eswitch": "switchdev"}
    off, legacy, software = {"hw_tc_offload": False}, {"eswitch": "legacy"}, {"driver": "virtio_net"}
    for change, expected in ((off, ["hw-tc-offload-off"]), (legacy, ["eswitch-legacy"]), (software, []), ({}, [])):
        links = [{"name": "eth0", **mlx5}, {"name": "eth1", **mlx5, **change}]
        assert names(tmp_path, text, links=links) == expected
    absent = {"nft_flow_offload": "absent"}
    assert names(tmp_path, text, modules=absent) == []
    assert names(tmp_path, check.bad, modules=absent) == ["module-missing"]
