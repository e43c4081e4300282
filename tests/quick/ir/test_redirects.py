"""Between which interfaces tc hands packets on: what the filters do, and the trace says."""

from pathlib import Path

import pytest
from tests.datapaths import VARIANTS
from tests.generate.seeded import files_of_tc
from tests.quick.ir.test_datapath import KEYS, MAIN, edited, host
from tests.quick.ir.test_flowtable_devices import FILE, PARTNER
from tests.quick.lower.test_tc import TWO_SIDES
from tests.quick.trace.test_established import FEW, offloaded

from flowc.ir.datapath import Candidates, Entrances, Lookups, Redirects
from flowc.ir.network import Host

Pairs = set[tuple[str, str]]

TWO_OUTSIDE = (
    edited(FILE + PARTNER, ("host gw { offload hardware", "host gw { offload software"))
    + "policy partner -> internet { accept offload }\n"
)


def pairs(host: Host) -> Pairs:
    """Of two interfaces each."""
    groups = host.derived(Redirects).groups
    return {(one, other) for group in groups for one in group.entrances for other in group.ways if one != other}


def by_address(host: Host) -> Pairs:
    """The same from each way of each entrance."""
    lookups, zones = host.derived(Lookups), host.derived(Entrances).zones
    found: Pairs = set()
    for entrance in lookups.entrances:
        name = entrance.interface.name
        partners = host.derived(Candidates).partners_of(name)
        behind = {one.target: one.interface for one in host.derived(Candidates).insides.values()}
        for vrf in {one.vrf for one in entrance.whose}:
            for prefix, hop, _ in lookups.ways(entrance, vrf):
                if hop is None:
                    continue
                where = behind.get((vrf, prefix.family, prefix.network), hop.hop.interface)
                if not partners.isdisjoint(zones.get(where, ())) and name != hop.hop.interface:
                    found.add((name, hop.hop.interface))
    return found


@pytest.mark.parametrize("text", [MAIN, KEYS, TWO_SIDES, TWO_OUTSIDE, *(VARIANTS[name]() for name in FEW)])
def test_they_are_those_of_all_addresses(text: str, tmp_path: Path) -> None:
    one = host(text, tmp_path)
    assert pairs(one) == by_address(one) != set()


@pytest.mark.slow
def test_they_are_those_of_all_addresses_in_generated_files(tmp_path: Path) -> None:
    for text in files_of_tc(5, 20):
        one = host(text, tmp_path)
        assert pairs(one) == by_address(one), text


@pytest.mark.parametrize("text", [KEYS, TWO_SIDES, VARIANTS["two-tenants"]()])
def test_what_the_trace_gives_to_tc_is_among_them(text: str, tmp_path: Path) -> None:
    found = {(trace.entry.interface, trace.egress) for _, trace in offloaded(text, tmp_path) if trace.by_tc[0]}
    assert found
    assert found <= pairs(host(text, tmp_path))


def test_neither_an_interface_without_flows_nor_another_vrf_is_among_them(tmp_path: Path) -> None:
    more = """
vrf blue { table 1002 }
interface idle { device eth7; address 10.0.7.1/24 }
interface other { device eth8; address 10.0.1.1/24; vrf blue }
endpoint spare { address 10.0.7.7; interface idle; mac 52:54:00:00:07:07 }
endpoint app { address 10.0.1.81; interface other; mac 52:54:00:00:08:08 }
route default via 203.0.113.1 on uplink vrf blue
zone nowhere { interface idle }
zone others { interface other }
policy nowhere -> internet { accept }
eip 198.51.100.10 <-> app
policy others -> internet { accept offload }
"""
    both = {("uplink", "wire"), ("wire", "uplink"), ("uplink", "key"), ("key", "uplink")}
    assert pairs(host(KEYS, tmp_path)) == both
    assert pairs(host(KEYS + more, tmp_path)) == both | {("uplink", "other"), ("other", "uplink")}
    assert pairs(host(KEYS.replace("datapath tc", "datapath nft"), tmp_path)) == set()
