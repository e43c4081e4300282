"""What is said of a prefix of EIPs, beyond the examples of the checks."""

from pathlib import Path

import pytest

from flowc.api import check_files
from flowc.diagnostics import Severity

EDGE = """
vrf acme { table 7 }
interface lan { device eth1; address 10.0.0.1/8, fd00::1/32 }
interface wan { device eth0; address 192.0.2.1/24, 2001:db8::1/48 }
interface tap { device tap0; address 172.16.0.1/16; vrf acme }
neighbor 192.0.2.200 on wan managed
zone inside { interface lan }
zone outside { interface wan }
zone tenant { interface tap }
policy outside -> any { accept }
pool public 192.0.2.0/24, 198.51.100.0/24, 2001:db8::/32 at outside
"""


@pytest.mark.parametrize(
    ("eip", "found"),
    [
        ("198.51.100.0/24 <-> 10.1.0.0/24", set()),
        ("192.0.2.0/25 <-> 10.1.0.0/25", {"eip-is-own-address"}),
        ("192.0.2.192/26 <-> 10.1.0.192/26", {"prefix-on-link"}),
        ("2001:db8:0:7::/64 <-> fd00:0:0:7::/64", {"prefix-on-link"}),
        ("2001:db8:0:7::/112 <-> fd00:0:0:7::/112", set()),
        ("2001:db8:1:7::/64 <-> fd00:0:0:7::/64", set()),
        ("198.51.100.0/24 <-> 172.16.5.0/24", {"tenant-without-way-out"}),  # reached from another VRF
    ],
)
def test_a_prefix_of_eips(eip: str, found: set[str], tmp_path: Path) -> None:
    file = tmp_path / "edge.flow"
    file.write_text(f"{EDGE}eip {eip}\n")
    diagnostics = check_files([file]).diagnostics
    assert {one.code.name for one in diagnostics if one.severity > Severity.NOTE} == found
