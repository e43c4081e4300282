"""What stateless EIPs become: filters of their own, beside those of `datapath tc` and without."""

from pathlib import Path

from tests.golden import Golden
from tests.quick.lower.test_tc import filters, key, state_of

from flowc.api import render
from flowc.hoststate.tc import Conntrack, Goto, Nat, Placement, Redirect

GOLDEN = Path(__file__).parent / "stateless"
TENANTS = """
host gw { offload software }

vrf one { table 1000 }
vrf two { table 1001 }
interface uplink   { device eth0;  address 203.0.113.2/24; mac 52:54:00:00:00:02 }
interface underlay { device eth1;  address 172.16.1.1/24; mtu 1600 }
interface taps     { device tap75; address 10.0.0.1/24; vrf one; mac 52:54:00:00:00:03 }
tunnel overlay { type gretap; local 172.16.1.1; on underlay; shared; mtu 1500 }
tunnel k1001   { over overlay; key 1001; remote 172.16.1.2; vrf two; address 10.0.0.1/24 }
endpoint first  { address 10.0.0.75; interface taps;  mac 52:54:00:00:00:75 }
endpoint plain  { address 10.0.0.76; interface taps;  mac 52:54:00:00:00:76 }
endpoint second { address 10.0.0.75; interface k1001; mac 52:54:00:00:00:75 }
neighbor 172.16.1.2  on underlay managed
neighbor 203.0.113.1 on uplink mac 52:54:00:00:00:01
route default via 203.0.113.1 on uplink vrf one
route default via 203.0.113.1 on uplink vrf two

zone internet { interface uplink }
zone carrier  { interface underlay }
zone tenants  { interface taps, k1001 }
pool public 198.51.100.0/28 at internet
eip 198.51.100.1 <-> first stateless
eip 198.51.100.2 <-> second stateless
eip 198.51.100.3 <-> plain

policy internet -> tenants { accept tcp {80, 8080-8087} offload; accept icmp }
policy tenants -> internet { accept offload }
"""


def test_tenants_become_what_was_read_and_found_right(golden: Golden, tmp_path: Path) -> None:
    golden(GOLDEN / "tenants.batch", render(state_of(TENANTS, tmp_path), provenance=False)["tc.batch"])


def test_the_ruleset_does_not_change(tmp_path: Path) -> None:
    texts = TENANTS, TENANTS.replace(" stateless", "")
    with_it, without = (render(state_of(text, tmp_path), provenance=False) for text in texts)
    assert with_it["ruleset.nft"] == without["ruleset.nft"]
    assert with_it["tc.batch"] != without["tc.batch"]


def test_conntrack_has_no_part_in_it(tmp_path: Path) -> None:
    found = filters(TENANTS, tmp_path).values()
    assert not any(isinstance(action, Conntrack) for one in found for action in one.actions)
    sending = [one for one in found if any(isinstance(action, Redirect) for action in one.actions)]
    assert sending
    assert all(sum(isinstance(action, Nat) for action in one.actions) == 1 for one in sending)


def test_beside_datapath_tc_the_others_stay_as_they_are(tmp_path: Path) -> None:
    text = TENANTS.replace("offload software", "offload software; datapath tc")
    with_it, without = filters(text, tmp_path), filters(text.replace(" stateless", ""), tmp_path)
    assert without.items() <= with_it.items()
    assert {one.chain for place, one in with_it.items() if place not in without} == {0, 3}


def test_one_more_moves_no_other_filter(tmp_path: Path) -> None:
    more = """
endpoint third { address 10.0.0.77; interface taps; mac 52:54:00:00:00:77 }
eip 198.51.100.4 <-> third stateless
"""
    before, after = filters(TENANTS, tmp_path), filters(TENANTS + more, tmp_path)
    assert before.items() <= after.items()
    assert len({key(one) for one in after.values()}) == len(after)


def test_what_is_loaded_leads_to_what_is_there(tmp_path: Path) -> None:
    loaded: set[tuple[str, int]] = set()
    for one in state_of(TENANTS, tmp_path).filters:
        assert all((one.device, to.chain) in loaded for to in one.actions if isinstance(to, Goto))
        loaded.add((one.device, one.chain))


def test_nothing_of_it_is_for_a_nic(tmp_path: Path) -> None:
    """What keeps packets from it is the kernel's, and a NIC would be first."""
    assert {one.placement for one in filters(TENANTS, tmp_path).values()} == {Placement.SOFTWARE}
    hardware = filters(TENANTS.replace("offload software", "offload hardware; datapath nft"), tmp_path).values()
    assert not any(one.chain == 3 for one in hardware)
