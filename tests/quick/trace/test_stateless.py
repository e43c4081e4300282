"""Stateless EIPs: tc has the first packet too, where it has both directions."""

from pathlib import Path

import pytest
from tests.quick.trace.asking import asked, host_of

TEXT = """
host gw { offload software }
interface uplink { device eth0; address 203.0.113.2/24 }
interface vms { device tap75; address 10.0.0.1/24 }
endpoint web { address 10.0.0.80; interface vms; mac 52:54:00:00:00:80 }
endpoint db { address 10.0.0.81; interface vms; mac 52:54:00:00:00:81 }
neighbor 203.0.113.1 on uplink managed
route default via 203.0.113.1
zone internet { interface uplink }
zone inside { interface vms }
pool public 198.51.100.0/28 at internet
eip 198.51.100.8 <-> web stateless
eip 198.51.100.9 <-> db
policy internet -> inside { accept tcp 80-89 to web via eip offload; accept tcp offload to db }
policy inside -> internet { accept offload }
"""
FAR, NEAR = "192.0.2.7|40000", "203.0.113.9|40000"
"""Behind the router, and on the uplink's wire without a line in the file."""


@pytest.mark.parametrize(
    ("by", "protocol", "source", "destination", "first"),
    [
        ("uplink", "tcp", FAR, "198.51.100.8|80", True),
        ("uplink", "tcp", "203.0.113.1|40000", "198.51.100.8|80", True),
        ("uplink", "tcp", NEAR, "198.51.100.8|80", False),
        ("uplink", "tcp", FAR, "10.0.0.80|80", False),
        ("uplink", "tcp", FAR, "198.51.100.9|80", False),
        ("vms", "tcp", "10.0.0.80|80", FAR, True),
        ("vms", "tcp", "10.0.0.80|80", NEAR, False),
        ("vms", "udp", "10.0.0.80|80", FAR, False),
        ("vms", "tcp", "10.0.0.80|80", "198.51.100.9|80", False),
        ("vms", "tcp", "10.0.0.81|80", FAR, False),
    ],
)
def test_the_first_packet_is_tcs(
    by: str, protocol: str, source: str, destination: str, first: bool, tmp_path: Path
) -> None:
    found = asked(host_of(TEXT, tmp_path), by, protocol, source, destination)
    assert found.by_tc.first == first
    assert found.offload or not first
    assert ("without a connection" in found.offload_reason) == first
