"""What of a VRF's traffic stays inside of it: its connections are in the VRF's conntrack zone both ways."""

from pathlib import Path

import pytest

from flowc.api import compile_files

FILE = """
vrf acme { table 1000 }
interface vms { device tap0; address 10.0.0.1/24; vrf acme }
interface own { device eth1; address 198.18.0.2/15; vrf acme }
interface uplink { device eth0; address 203.0.113.1/24 }
zone inside { interface vms }
zone far { interface own }
zone internet { interface uplink }
nat inside -> internet { masquerade }
"""


@pytest.mark.parametrize(
    ("routes", "inside"),
    [
        ("route default via 203.0.113.2 on uplink vrf acme", ["10.0.0.0/24", "198.18.0.0/15"]),
        (
            "route default via 198.18.0.1 vrf acme\nroute 128.0.0.0/1 via 203.0.113.2 on uplink vrf acme",
            ["0.0.0.0/1", "198.18.0.0/15"],
        ),
        (
            "route 198.18.5.0/24 via 203.0.113.2 on uplink vrf acme",
            ["10.0.0.0/24", "198.18.0.0-198.18.4.255", "198.18.6.0-198.19.255.255"],
        ),
        (
            "route default via 198.18.0.1 vrf acme\nroute default via 203.0.113.2 on uplink vrf acme metric 9",
            ["0.0.0.0/0"],
        ),
        (
            "route default via 198.18.0.1 vrf acme metric 9\nroute default via 203.0.113.2 on uplink vrf acme",
            ["10.0.0.0/24", "198.18.0.0/15"],
        ),
    ],
)
def test_the_longest_prefix_decides_then_the_metric(routes: str, inside: list[str], tmp_path: Path) -> None:
    file = tmp_path / "gw.flow"
    file.write_text(f"{FILE}{routes}\n")
    (state,) = compile_files([file]).states.values()
    found = state.nft.conntrack.open_vrfs.inside.v4.keys
    assert [key.partition(" . ")[2] for key in found if key.startswith('"tap0"')] == inside
