"""Which addresses count as in a zone: by prefix, route, endpoint and tunnel, on parts of wires and across VRFs."""

from pathlib import Path

import pytest
from tests.quick.checks.findings import places

from flowc.api import check_files

HOST = """
vrf acme { table 1000 }
interface lan { device eth1; address 10.0.0.1/24, fd00::1/64 }
interface dmz { device eth2; address 10.0.9.1/24; spoofing strict }
interface wire { device eth3; address 10.3.0.1/16 }
interface loose { device eth4; address 10.4.0.1/24; spoofing allowed }
interface wan { device eth0; address 192.0.2.1/24 }
interface vms { device tap1; address 10.0.0.1/24; vrf acme }
endpoint web { address 10.0.9.80; interface dmz }
endpoint vm { address 10.0.0.80; interface vms }
route default via 192.0.2.254
route default via 192.0.2.254 on wan vrf acme
route 10.8.0.0/16 via 10.0.0.254 on lan
zone inside { interface lan }
zone servers { interface dmz }
zone printers { interface wire from 10.3.1.0/24 }
zone staff { interface wire from not 10.3.1.0/24 }
zone lab { interface loose }
zone internet { interface wan }
zone tenant { interface vms }
pool public 203.0.113.0/24 at internet
eip 203.0.113.80 <-> vm
policy internet -> tenant { accept tcp 443 via eip }
"""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("policy inside -> internet { accept from 10.0.0.7 }", []),
        ("policy inside -> internet { accept from 10.8.3.0/24 }", []),  # behind a router
        ("policy inside -> internet { accept from 10.9.0.0/24 }", ["from 10.9.0.0/24"]),
        ("policy inside -> internet { accept from {10.9.0.0/24, 10.0.0.0/24} }", []),
        ("policy inside -> internet { accept from {10.9.0.0/24, fd00::5} }", []),
        ("policy inside -> internet { accept from fd00:1::/64 }", ["from fd00:1::/64"]),
        ("policy inside -> internet { accept from fe80::1 }", []),
        ("policy inside -> internet { accept from not {10.0.0.0/24, 10.8.0.0/16} }", []),  # 0.0.0.0 asks for a lease
        ("policy inside -> servers { accept to web }", []),
        ("policy inside -> servers { accept to 10.0.9.81 }", ["to 10.0.9.81"]),  # `strict`, and no endpoint
        ("policy inside -> printers { accept to 10.3.1.9 }", []),
        ("policy inside -> printers { accept to 10.3.2.9 }", ["to 10.3.2.9"]),
        ("policy inside -> staff { accept to 10.3.2.9 }", []),
        ("policy printers -> inside { accept from 10.3.2.9 }", ["from 10.3.2.9"]),
        ("policy lab -> inside { accept from 198.51.100.1 }", []),  # `spoofing allowed`
        ("policy internet -> self { accept from 198.51.100.1 }", []),
        ("policy internet -> self { accept from 10.0.0.7 }", ["from 10.0.0.7"]),  # the inside's
        ("policy internet -> inside { accept from 10.0.9.80 }", []),  # calls a public address from inside
        ("policy inside -> internet { accept to 224.0.0.5 }", []),
        ("policy inside -> internet { accept to 10.0.9.80 }", ["to 10.0.9.80"]),
        ("policy tenant -> internet { accept to 203.0.113.80 }", []),  # calls it from inside
        ("policy internet -> inside { accept to 203.0.113.80 }", ["to 203.0.113.80"]),  # it is translated before
        ("policy self -> internet { accept from 198.51.100.1 }", []),
        ("policy any -> internet { accept from 10.0.9.80 }", []),
        ("policy any -> servers { accept to 10.0.0.7 }", ["to 10.0.0.7"]),
        ("nat inside -> internet { snat 10.0.9.0/24 -> 203.0.113.5 }", ["10.0.9.0/24"]),
        ("nat inside -> internet { snat 10.0.0.0/16 -> 203.0.113.5 }", []),
        ("nat inside -> internet { masquerade 10.9.0.0/24 }", ["10.9.0.0/24"]),
    ],
)
def test_operands(text: str, found: list[str], tmp_path: Path) -> None:
    assert places(HOST + text + "\n", "address-not-in-zone", tmp_path) == found


NOWHERE = "check the address, or declare the route that leads there"


@pytest.mark.parametrize(
    ("operand", "help"),
    [
        ("from 10.0.9.80", "they are in zone `servers`"),
        ("from 10.0.9.81", NOWHERE),  # `strict`, and no endpoint
        ("from 10.3.1.9", "they are in zone `printers`"),
        ("from 10.3.2.9", "they are in zone `staff`"),
        ("from 192.0.2.9", "they are in zone `internet`"),
        ("from 198.51.100.9", NOWHERE),  # behind the default route, as everything else
        ("from 10.4.0.9", "they are in zone `lab`"),
        ("from 10.9.9.9", NOWHERE),  # the lab takes it, as it does everything
    ],
)
def test_another_zone_is_named_only_where_the_file_puts_them_there(operand: str, help: str) -> None:
    text = HOST + f"policy inside -> internet {{ accept {operand} }}\n"
    found = check_files(["t.flow"], read=lambda _: text.encode()).diagnostics
    assert [one.help for one in found if one.code.number == "FC211"] == [help]


def test_an_operand_that_fits_on_another_host_is_fine(tmp_path: Path) -> None:
    text = """
    zone inside { interface lan }
    policy inside -> self { accept tcp 22 from 10.2.0.9 }
    host one { interface lan { device eth1; address 10.1.0.1/24 } }
    host two { interface lan { device eth1; address 10.2.0.1/24 } }
    """
    assert places(text, "address-not-in-zone", tmp_path) == []
    assert places(text.replace("10.2.0.1/24", "10.3.0.1/24"), "address-not-in-zone", tmp_path) == ["from 10.2.0.9"]


def test_keys_of_one_vrf_are_one_place(tmp_path: Path) -> None:
    """No packet tells by which key it came in, so that each takes what the others do."""
    text = """
    vrf acme { table 1000 }
    interface underlay { device eth0; address 172.16.0.1/24 }
    tunnel grey { type gretap; local 172.16.0.1; shared }
    tunnel key1 { over grey; key 1; remote 172.16.0.2; vrf acme; address 10.0.1.1/24 }
    tunnel key2 { over grey; key 2; remote 172.16.0.3; vrf acme; address 10.0.2.1/24 }
    zone carrier { interface underlay }
    zone remote { interface key1, key2 }
    policy remote -> carrier { accept from 10.0.2.5; accept from 10.0.3.5 }
    """
    assert places(text, "address-not-in-zone", tmp_path) == ["from 10.0.3.5"]
