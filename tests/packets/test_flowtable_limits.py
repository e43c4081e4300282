"""What the kernel refuses of a flowtable: the checks FC705 and FC709 say so before it does."""

import pytest
from tests.packets.lab import CommandFailed, Lab, Namespace

from flowc.ir.fastpath import MOST_DEVICES


def flowtable(ns: Namespace, devices: list[str], flags: str = "") -> None:
    ns.nft(
        f"""add table inet t
delete table inet t
table inet t {{
    flowtable f {{
        hook ingress priority filter
        devices = {{ {", ".join(devices)} }}
        {flags}
    }}
}}
"""
    )


def test_a_flowtable_has_so_many_devices_and_no_more(lab: Lab) -> None:
    ns = lab.namespace("gw")
    devices = [f"d{number}" for number in range(MOST_DEVICES + 1)]
    ns.ip(*(f"link add {device} type dummy" for device in devices))
    flowtable(ns, devices[:MOST_DEVICES])
    with pytest.raises(CommandFailed, match="File too large"):
        flowtable(ns, devices)


@pytest.mark.parametrize(
    "link",
    [
        "name x type bridge",
        "name x type veth peer name other",
        "name x type gre local 192.0.2.1 remote 192.0.2.2",
        "link real name x type vlan id 7",  # on a veth
    ],
)
def test_devices_of_the_kernels_own_making_are_not_offloaded_to_hardware(lab: Lab, link: str) -> None:
    ns = lab.namespace("gw")
    ns.ip("link add real type veth peer name real-peer", f"link add {link}")
    flowtable(ns, ["x"])
    with pytest.raises(CommandFailed, match="Operation not supported"):
        flowtable(ns, ["x"], "flags offload;")
