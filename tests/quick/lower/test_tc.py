"""The chains of tc: what each example with `datapath tc` becomes, and what decides it."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.datapaths import VARIANTS
from tests.golden import Golden

from flowc.api import compile_files, render
from flowc.hoststate import FlowerFilter, HostState
from flowc.hoststate.macs import references
from flowc.hoststate.tc import Conntrack, Goto, Placement, Redirect
from flowc.lower.macs import fixed_mac

GOLDEN = Path(__file__).parent / "datapath"


ONE_TENANT = """
host gw { offload software; datapath tc }
vrf red { table 1000 }
interface uplink { device eth0; address 192.0.2.2/24; mac 52:54:00:00:09:01 }
interface vms { device eth1; address 10.0.0.1/24; vrf red; mac 52:54:00:00:01:01 }
neighbor 192.0.2.1 on uplink 52:54:00:00:09:fe
endpoint web { address 10.0.0.80; interface vms; mac 52:54:00:00:00:80 }
route default via 192.0.2.1 on uplink vrf red
zone internet { interface uplink }
zone tenants { interface vms }
pool public 198.51.100.0/28 at internet
eip 198.51.100.2 <-> web
policy tenants -> internet { accept offload }
"""


TWO_SIDES = """
host gw { offload software; datapath tc }
vrf red { table 1001 }
vrf blue { table 1002 }
interface uplink { device eth0; address 203.0.113.2/24; mac 52:54:00:00:09:01 }
interface underlay { device eth1; address 172.16.1.1/24 }
interface wire { device eth2; address 10.0.2.1/24; vrf blue }
tunnel overlay { type gretap; local 172.16.1.1; on underlay; shared }
tunnel in { over overlay; key 7; remote 172.16.1.2; vrf red; address 10.0.1.1/24 }
tunnel out { over overlay; key 8; remote 172.16.1.2; vrf blue; address 192.0.2.2/24 }
neighbor 172.16.1.2 on underlay managed
neighbor 203.0.113.1 on uplink managed
neighbor 192.0.2.1 on out 52:54:00:00:08:01
endpoint web { address 10.0.1.80; interface in; mac 52:54:00:00:00:80 }
endpoint db  { address 10.0.2.81; interface wire; mac 52:54:00:00:00:81 }
route default via 203.0.113.1 on uplink vrf red
route default via 192.0.2.1 on out vrf blue
zone internet { interface uplink }
zone carrier { interface underlay }
zone inside { interface in }
zone other { interface out }
zone racks { interface wire }
pool public 198.51.100.0/28 at internet
pool elsewhere 198.51.100.16/28 at other
eip 198.51.100.8 <-> web
eip 198.51.100.18 <-> db
policy internet -> inside { accept tcp 443 offload }
policy other -> racks { accept tcp 443 offload }
policy inside -> internet { accept offload }
policy racks -> other { accept offload }
"""
"""One shared tunnel that a tenant is behind, and that leads another tenant outside."""


def state_of(text: str, folder: Path) -> HostState:
    file = folder / "gw.flow"
    file.write_text(text, encoding="utf-8")
    result = compile_files([file])
    assert not result.diagnostics.has_errors, [one.message for one in result.diagnostics]
    (state,) = result.states.values()
    return state


@pytest.mark.parametrize("name", VARIANTS)
def test_an_example_with_datapath_tc_becomes_what_was_read_and_found_right(
    name: str, golden: Golden, tmp_path: Path
) -> None:
    state = state_of(VARIANTS[name](), tmp_path)
    golden(GOLDEN / f"{name}.batch", render(state, provenance=False)["tc.batch"])


def key(one: FlowerFilter) -> tuple[str, int, int, int]:
    return one.device, one.chain, one.preference, one.handle


def filters(text: str, folder: Path) -> dict[tuple[str, int, int, int], FlowerFilter]:
    found = state_of(text, folder).filters
    assert len({key(one) for one in found}) == len(found)
    return {key(one): one for one in found}


def test_filters_of_a_preference_have_one_protocol(tmp_path: Path) -> None:
    for make in VARIANTS.values():
        protocols: dict[tuple[str, int, int], set[str]] = {}
        for (device, chain, preference, _), one in filters(make(), tmp_path).items():
            protocols.setdefault((device, chain, preference), set()).add(one.protocol)
        assert all(len(found) == 1 for found in protocols.values())


def test_one_more_eip_moves_no_other_filter(tmp_path: Path) -> None:
    text = VARIANTS["two-tenants"]()
    more = """
endpoint red70 { address 10.0.0.70; interface red-vms; mac 52:54:00:00:01:70 }
eip 2.2.2.5 <-> red70
"""
    before, after = filters(text, tmp_path), filters(text + more, tmp_path)
    assert before.items() <= after.items()
    # On the uplink the EIP by TCP and UDP, its way, and the source that nobody there has; inside the machine.
    assert sorted(place[:3] for place in after.keys() - before.keys()) == [
        ("eth0", 0, 1), ("eth0", 0, 4), ("eth0", 0, 5), ("eth0", 2, 10), ("eth1", 0, 4), ("eth1", 0, 5),
    ]  # fmt: skip


def test_what_matches_the_same_has_the_same_handle_in_every_file(tmp_path: Path) -> None:
    """Scripts only add and replace, and the kernel refuses a second filter with a match that there is (fl_change, EEXIST)."""
    tables = ("table 1000", "table 1005")
    old = filters(ONE_TENANT, tmp_path).values()
    new = filters(ONE_TENANT.replace(*tables), tmp_path).values()
    handles = {(*key(one)[:3], one.match): one.handle for one in old}
    for one in new:
        assert handles.get((*key(one)[:3], one.match), one.handle) == one.handle


def test_a_filter_of_one_tenant_takes_nothing_of_another(tmp_path: Path) -> None:
    assert {one.match.ct_zone for one in filters(ONE_TENANT, tmp_path).values() if one.chain == 2} == {1000}


def test_the_order_of_loading_has_every_chain_before_what_leads_to_it(tmp_path: Path) -> None:
    for make in VARIANTS.values():
        loaded: set[tuple[str, int]] = set()
        for one in state_of(make(), tmp_path).filters:
            assert all((one.device, to.chain) in loaded for to in one.actions if isinstance(to, Goto))
            loaded.add((one.device, one.chain))


def test_on_a_shared_tunnel_nothing_goes_up_without_its_mark(tmp_path: Path) -> None:
    overlay = [one for one in state_of(VARIANTS["shared-tunnel"](), tmp_path).filters if one.device == "overlay"]
    ends = {type(one.actions[-1]).__name__ for one in overlay if len(one.actions) == 1}
    assert ends == {"Goto"}
    assert all(one.otherwise == (Goto(4),) for one in overlay if one.chain in (1, 2))
    for chain in (1, 2):
        last = max((one for one in overlay if one.chain == chain), key=lambda one: one.preference)
        assert (last.protocol, last.actions) == ("all", (Goto(4),))


def test_a_nic_gets_what_it_can_take_and_no_more(tmp_path: Path) -> None:
    text = (
        VARIANTS["shared-tunnel"]()
        .replace("offload software", "offload hardware")
        .replace("datapath tc", "datapath auto")
    )
    text = text.replace("tunnel overlay { ", "tunnel overlay { mtu 1500; ").replace(
        "device eth1;", "device eth1; mtu 1600;"
    )
    state = state_of(text, tmp_path)
    found = state.filters
    assert state.nft.flowtable is None  # nothing but keys has flows with the uplink
    assert "ct mark set ct mark | 0x40000000" in render(state)["ruleset.nft"]
    both = [one for one in found if one.placement is Placement.BOTH]
    assert both
    for one in found:
        redirects = any(isinstance(action, Redirect) for action in one.actions)
        leads_on = isinstance(one.actions[0], Conntrack) and isinstance(one.actions[-1], Goto)
        assert (one.placement is Placement.BOTH) == (redirects or leads_on or one.actions == (Goto(2),))
    assert not any(type(action).__name__ == "Police" for one in both for action in one.actions)
    assert {one.device for one in both} == {"eth0", "overlay"}


def test_without_datapath_tc_there_is_only_what_marks_keys(tmp_path: Path) -> None:
    text = VARIANTS["shared-tunnel"]()
    for instead in ("auto", "nft"):
        found = state_of(text.replace("datapath tc", f"datapath {instead}"), tmp_path).filters
        assert {(one.chain, one.preference) for one in found} == {(0, 10), (5, 1), (5, 2)}


def test_of_keys_inside_and_outside_on_one_tunnel_calls_from_inside_alone_go_up(tmp_path: Path) -> None:
    found = state_of(TWO_SIDES, tmp_path).filters
    called = [one for one in found if one.device == "overlay" and one.chain == 0 and one.match.destination]
    by_key = {(one.match.key, one.actions == (Goto(4),)) for one in called}
    assert by_key == {(7, True), (8, False)}  # inside, and the public address outside


def test_a_managed_neighbour_is_a_reference_that_its_filters_need(tmp_path: Path) -> None:
    text = VARIANTS["two-tenants"]().replace("; mac 52:54:00:00:01:75 }", " }") + "neighbor red75 on red-vms managed\n"
    found = state_of(text, tmp_path).filters
    ways = [one for one in found if one.device == "eth0" and one.chain == 2 and one.match.destination == "10.0.0.75/32"]
    assert len(ways) == 2
    needing = [one for one in found if one.needs]
    assert {(one.device, one.chain, one.match.source) for one in needing} == {
        ("eth1", 0, "10.0.0.75/32"),
        ("eth1", 0, "fd00:a::75/128"),
        ("eth0", 0, None),  # its public addresses
    }
    assert {one.match.destination for one in needing if one.device == "eth0"} == {
        "2.2.2.11/32",
        "2001:db8:2::11/128",
    }
    gateway = state_of(VARIANTS["nat-gateway"]().replace("; mac 52:54:00:00:01:02 }", " }"), tmp_path)
    assert not [one for one in gateway.filters if one.needs]
    assert replace(needing[0], needs=()) != needing[0]


def test_a_tunnel_without_a_mac_gets_one_that_stays(tmp_path: Path) -> None:
    text = VARIANTS["shared-tunnel"]().replace("tunnel overlay { mac 52:54:00:00:07:01; ", "tunnel overlay { ")
    state = state_of(text, tmp_path)
    (overlay,) = (link for link in state.links if link.device == "overlay")
    assert overlay.mac == fixed_mac(state.host, "overlay")
    assert references(state.filters) == ()
    nft = state_of(text.replace("datapath tc", "datapath nft"), tmp_path)
    assert [link.mac for link in nft.links if link.device == "overlay"] == [None]
