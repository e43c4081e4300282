"""Which devices the flowtable of a NIC has beside tc: those with flows that tc may not carry."""

from pathlib import Path

import pytest
from tests.quick.ir.test_datapath import edited, host

from flowc.api import check_files, compile_files, render
from flowc.ir.datapath import FlowtableDevices, Takers

FILE = """
host gw { offload hardware; datapath tc }
interface uplink { device eth0; address 192.0.2.2/24 }
interface lan { device eth1; address 10.0.0.1/24; spoofing strict }
route default via 192.0.2.1
neighbor 192.0.2.1 on uplink managed
endpoint web { address 10.0.0.80; interface lan; mac 52:54:00:00:00:80 }
endpoint db  { address 10.0.0.81; interface lan; mac 52:54:00:00:00:81 }
zone internet { interface uplink }
zone inside { interface lan }
pool public 198.51.100.0/28 at internet
eip 198.51.100.8 <-> web
nat inside -> internet { snat 10.0.0.81 -> 198.51.100.9 }
policy inside -> self { accept tcp 22 }
policy inside -> internet { accept offload }
"""
CALLS = "policy internet -> inside { accept tcp 443 offload }\n"
PARTNER = """
interface other { device eth3; address 203.0.113.2/24; spoofing allowed }
zone partner { interface other }
route 203.0.114.0/24 via 203.0.113.1
neighbor 203.0.113.1 on other managed
nat inside -> partner { snat 10.0.0.81 -> 203.0.113.9 }
policy inside -> partner { accept offload }
"""
LEASED = """
interface other { device eth3; dhcp }
zone partner { interface other }
policy partner -> internet { accept offload }
"""
WIRE = """
interface wire { device eth2; address 10.0.2.1/24; spoofing strict }
zone racks { interface wire }
endpoint rack { address 10.0.2.5; interface wire; mac 52:54:00:00:02:05 }
"""
RED = "vrf red { table 1001 }\npolicy racks -> inside { accept offload }\n"
ALL = ("eth0", "eth1")


def test_there_is_no_flowtable_where_tc_carries_everything(tmp_path: Path) -> None:
    assert host(FILE, tmp_path).derived(FlowtableDevices).devices == ()
    (state,) = compile_files([tmp_path / "gw.flow"]).states.values()
    assert state.nft.flowtable is None
    ruleset = render(state)["ruleset.nft"]
    assert "fastpath" not in ruleset
    assert "ct mark set ct mark | 0x40000000" in ruleset
    assert {one.device for one in state.filters} == {"eth0", "eth1"}


@pytest.mark.parametrize(
    ("edits", "more", "expected"),
    [
        ([("offload hardware", "offload software")], "", ALL),
        ([("datapath tc", "datapath nft")], "", ALL),
        ([("datapath tc", "datapath auto")], "", ALL),
        # There may be others than those that the file names.
        ([("; spoofing strict", "")], "", ALL),
        ([("spoofing strict", "spoofing allowed")], "", ALL),
        ([("10.0.0.1/24; spoofing strict", "10.0.0.82/30"), ("endpoint web { address 10.0.0.80",
          "endpoint web { address 10.0.0.81"), ("endpoint db  { address 10.0.0.81; interface lan; mac 52:54:00:00:00:81 }\n", "")],
         "", ()),
        # One machine stays with nft, or does while nobody knows its MAC address.
        ([], "endpoint log { address 10.0.0.82; interface lan }\n", ALL),
        ([("; mac 52:54:00:00:00:81", "")], "neighbor db on lan managed\n", ALL),
        ([("<-> web", "<-> web datapath nft")], "", ALL),
        # A machine that is translated to one zone alone is called at its own address by the others.
        ([], PARTNER, ("eth1", "eth3")),
        # Calls of public addresses from inside are the flowtable's: over the devices of who calls and who is called.
        ([], CALLS, ("eth1",)),
        ([("eip 198.51.100.8 <-> web\n", "")], CALLS, ()),
        ([], CALLS + WIRE + "policy racks -> internet { accept }\n", ("eth1",)),
        ([], CALLS + WIRE + "policy racks -> internet { accept offload }\n", ("eth1", "eth2")),
        # Machines inside of one table may have each other's packets by tc, those of several do not.
        ([], WIRE + "policy racks -> inside { accept offload }\npolicy inside -> racks { accept offload }\n", ()),
        ([], WIRE.replace("device eth2;", "device eth2; vrf red;") + RED, ("eth1", "eth2")),
        # tc has one inside end, and not the other.
        ([], WIRE.replace("; spoofing strict", "") + "policy racks -> inside { accept offload }\n", ("eth1", "eth2")),
        # Between two outside there is nothing that tc takes.
        ([], LEASED, ("eth0", "eth3")),
    ],
)  # fmt: skip
def test_what_may_be_the_flowtables_keeps_its_devices(
    edits: list[tuple[str, str]], more: str, expected: tuple[str, ...], tmp_path: Path
) -> None:
    assert host(edited(FILE, *edits) + more, tmp_path).derived(FlowtableDevices).devices == expected


def test_a_forward_that_stays_with_nft_keeps_the_devices_of_a_machine_that_is_tcs(tmp_path: Path) -> None:
    tenant = edited(
        FILE,
        ("device eth1;", "device eth1; vrf red;"),
        ("route default via 192.0.2.1\n", "vrf red { table 1001 }\nroute default via 192.0.2.1 on uplink vrf red\n"),
        ("nat inside -> internet { snat 10.0.0.81 -> 198.51.100.9 }", "eip 198.51.100.9 <-> db"),
    )
    assert host(tenant, tmp_path).derived(FlowtableDevices).devices == ()
    forward = "nat internet -> inside { dnat tcp 198.51.100.3:8080 -> web:80 }\n"
    found = host(tenant + forward, tmp_path)
    left = any(one.what == "port forward" and one.stay for one in found.derived(Takers).decisions)
    assert found.derived(FlowtableDevices).devices == (ALL if left else ())


def test_a_way_through_a_vlan_keeps_the_device_at_its_end(tmp_path: Path) -> None:
    """Since kernel 7.2 there is no flow over the VLAN if its parent is not in the flowtable."""
    more = """interface tagged { vlan 5 on lan; address 10.0.5.1/24 }
zone guests { interface tagged }
policy guests -> internet { accept offload }
"""
    assert host(FILE + more, tmp_path).derived(FlowtableDevices).devices == ("eth0", "eth1", "tagged")


def notes(text: str, folder: Path) -> dict[int, tuple[str, ...]]:
    """Of FC710, by line."""
    host(text, folder)
    found = check_files([folder / "gw.flow"]).diagnostics
    return {one.primary.span.line: (one.message, *one.notes) for one in found if one.code.number == "FC710"}


def test_a_rule_says_what_tc_carries_alone(tmp_path: Path) -> None:
    tc = "over `lan`, `uplink` by tc alone: in software where a driver does not take its filters"
    assert notes(FILE, tmp_path) == {15: ("tcp and udp are offloaded by the NIC, everything else is not", tc)}
    by_flowtable = "only if the drivers of these devices take flows, or the load is refused: eth1"
    tc = tc.replace("`lan`, ", "")
    found = notes(FILE + CALLS, tmp_path)
    assert found[15][1:] == found[16][1:] == (by_flowtable, tc)
