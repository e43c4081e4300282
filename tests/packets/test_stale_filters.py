"""Scripts of a new file delete the tc filters that those of an old one left, and no others."""

import re
import socket
from collections.abc import Callable

import pytest
from tests.datapaths import shared_tunnel, two_tenants
from tests.packets.gateway import Gateway
from tests.packets.lab import Lab, Namespace

from flowc.backends.netlink.connection import Connection
from flowc.backends.netlink.objects import filters
from flowc.hoststate.tc import FlowerFilter

FOREIGN = (
    "ingress protocol ip pref 3 chain 0 handle 0x9 flower skip_hw dst_ip 203.0.113.9 action pass",
    "ingress protocol ip pref 500 chain 9 handle 0x1 flower skip_hw dst_ip 203.0.113.9 action pass cookie 0102",
    "egress protocol ip pref 3 chain 0 handle 0x9 flower skip_hw dst_ip 203.0.113.9 action pass",
)


def without_blue(text: str) -> str:
    """One tenant stays with nft, and the other has an EIP less."""
    text = re.sub(r"(eip .*<-> blue75)", r"\1 datapath nft", text)
    gone = "eip 2001:db8:2::11 <-> red75\n"
    assert gone in text
    return text.replace(gone, "")


def without_tc(text: str) -> str:
    return text.replace("datapath tc", "datapath nft")


def loaded(gw: Namespace) -> list[FlowerFilter]:
    """Those of flowc."""
    with gw.entered(), Connection() as connection:
        names = dict(socket.if_nameindex())
        return sorted(filters.read(connection, names, names.values()), key=repr)


def foreign(gw: Namespace, device: str) -> list[str]:
    shown = (gw.run("tc", "filter", "show", "dev", device, hook) for hook in ("ingress", "egress"))
    return [line for text in shown for line in text.splitlines() if "203.0.113.9" in line]


@pytest.mark.parametrize(
    ("make", "change"), [(two_tenants, without_blue), (two_tenants, without_tc), (shared_tunnel, without_tc)]
)
def test_what_is_left_is_what_the_new_file_alone_would_load(
    make: Callable[[], str], change: Callable[[str], str], lab: Lab
) -> None:
    gw, fresh, *others = lab.namespaces("gw", "fresh", "other1", "other2")
    for one, other in zip((gw, fresh), others, strict=True):
        lab.connect(*((one.port(f"eth{number}"), other.port(f"eth{number}")) for number in range(3)))
    gateway = Gateway(gw)
    gateway.load(make())
    before = loaded(gw)
    for text in FOREIGN:
        gw.run("tc", "filter", "add", "dev", "eth0", *text.split())
    gateway.load(change(make()))
    Gateway(fresh).load(change(make()))
    left = loaded(gw)
    assert left == loaded(fresh)
    assert len(left) < len(before)
    assert len(foreign(gw, "eth0")) == len(FOREIGN)
    gateway.load(make())
    assert loaded(gw) == before
