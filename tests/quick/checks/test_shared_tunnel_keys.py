"""What cannot be told apart, or reached, on a shared tunnel device."""

from pathlib import Path

import pytest

from flowc.api import check_files

FILE = """
vrf acme { table 1000 }
vrf globex { table 1001 }
interface underlay { device eth0; address 172.16.0.1/24 }
interface lan { device eth1; address 10.0.9.254/24 }
interface vms { device tap0; address 10.0.0.1/24; vrf acme }
tunnel shared { type gretap; local 172.16.0.1; shared }
tunnel ka { over shared; key 1; remote 172.16.0.2; vrf acme; address 10.0.1.1/24 }
tunnel kb { over shared; key 2; remote 172.16.0.2; vrf globex; address 10.0.1.1/24 }
endpoint a { address 10.0.1.5; interface ka; mac 52:54:00:00:00:0a }
endpoint b { address 10.0.1.5; interface kb; mac 52:54:00:00:00:0b }
zone carrier { interface underlay }
zone office { interface lan }
zone inside { interface vms }
zone ra { interface ka }
zone rb { interface kb }
"""


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ("route 10.7.0.0/16 via a vrf acme", False),
        ("route 10.7.0.0/16 via b vrf acme", True),  # judged as acme's key
        ("route 10.7.0.0/16 via a", True),
        (
            "tunnel kc { over shared; key 3; remote 172.16.0.2; vrf acme; address 10.0.9.1/24 }",
            True,
        ),  # a wire's address
        ("tunnel kc { over shared; key 3; remote 172.16.0.2; vrf acme }\nzone more { interface kc }", True),
        ("tunnel kc { over shared; key 3; remote 172.16.0.2 }", True),
        ("tunnel kc { over shared; ikey 3; okey 4; remote 172.16.0.2; vrf acme }", False),
        ("neighbor 10.0.1.7 on ka managed", True),
        ("neighbor 10.0.1.7 on ka 52:54:00:00:00:07", False),
    ],
)
def test_keys(more: str, found: bool, tmp_path: Path) -> None:  # a value of the table above
    file = tmp_path / "gw.flow"
    file.write_text(f"{FILE}{more}\n")
    codes = {one.code.name for one in check_files([file]).diagnostics}
    assert ("bad-shared-tunnel-key" in codes) is found, codes


def test_a_zone_without_interfaces_is_reported_as_such(tmp_path: Path) -> None:
    file = tmp_path / "gw.flow"
    file.write_text(f"{FILE}zone empty {{ }}\nnat office -> empty {{ masquerade }}\n")
    assert "translation-without-interface" in {one.code.name for one in check_files([file]).diagnostics}
