"""Pools that several hosts share: what another host uses is not unallocated."""

from pathlib import Path

from flowc.api import compile_files
from flowc.hoststate import HostState

POOL = """
zone inside { interface lan }
zone outside { interface wan }
pool public 203.0.113.0/29, 2001:db8:9::/126 at outside
policy outside -> inside { accept }
"""
HOST = """
host gw%d {
    interface lan { device eth1; address 10.%d.0.1/24, fd00:%d::1/64 }
    interface wan { device eth0; address 192.0.2.%d/24 }
    %s
}
"""


def states(folder: Path, *declared: str, shared: str = "") -> list[HostState]:
    """Of hosts that declare these, beside a pool and other things that they share."""
    file = folder / "hosts.flow"
    hosts = [HOST % (number, number, number, number, one) for number, one in enumerate(declared, 1)]
    file.write_text(POOL + shared + "".join(hosts), encoding="utf-8")
    return list(compile_files([file]).states.values())


def dropped(state: HostState) -> set[str]:
    """What of its pools a host drops."""
    pools = state.nft.translation.local.pools
    return {key.removeprefix("0 . ") for one in (pools.v4, pools.v6) for key in one.keys}


def test_what_others_use_is_not_dropped(tmp_path: Path) -> None:
    first, second, third = states(
        tmp_path,
        "eip 203.0.113.0 <-> 10.1.0.5",
        "nat outside -> inside { dnat tcp 203.0.113.1:80 -> 10.2.0.5 }\neip 2001:db8:9::1 <-> fd00:2::5",
        "nat inside -> outside { snat 10.0.0.0/8 -> 203.0.113.4-203.0.113.5 }",
    )
    assert dropped(first) == {"203.0.113.0", "203.0.113.2/31", "203.0.113.6/31", "2001:db8:9::", "2001:db8:9::2/127"}
    assert dropped(second) == {"203.0.113.1-203.0.113.3", "203.0.113.6/31", "2001:db8:9::/126"}
    assert dropped(third) == {"203.0.113.2-203.0.113.7", "2001:db8:9::", "2001:db8:9::2/127"}


def test_what_all_hosts_use_is_each_ones_own(tmp_path: Path) -> None:
    shared = "nat inside -> outside { snat 10.0.0.0/8 -> 203.0.113.4 }"
    for state in states(tmp_path, "", "", shared=shared):
        assert dropped(state) == {"203.0.113.0/29", "2001:db8:9::/126"}
