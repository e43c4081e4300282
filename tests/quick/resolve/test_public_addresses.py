"""Public addresses that only look as if they were claimed twice, and targets behind a router."""

from pathlib import Path

import pytest

from flowc.api import check_files
from flowc.diagnostics import Severity

TWO_UPLINKS = """
vrf red  { table 1 }
vrf blue { table 2 }
interface red-lan   { device eth1; address 10.0.0.1/24; vrf red }
interface blue-lan  { device eth2; address 10.0.0.1/24; vrf blue }
interface red-wan   { device eth3; address 192.168.1.2/24; vrf red }
interface blue-wan  { device eth4; address 192.168.1.2/24; vrf blue }
endpoint red-web    { address 10.0.0.80; interface red-lan }
endpoint blue-web   { address 10.0.0.80; interface blue-lan }
zone red-inside   { interface red-lan }
zone blue-inside  { interface blue-lan }
zone red-outside  { interface red-wan }
zone blue-outside { interface blue-wan }
policy red-outside -> red-inside { accept tcp 80 }
policy blue-outside -> blue-inside { accept tcp 80 }
nat red-outside -> red-inside { dnat tcp 192.168.1.2:80 -> red-web }
nat blue-outside -> blue-inside { dnat tcp 192.168.1.2:80 -> blue-web }
"""

BEHIND_A_ROUTER = """
interface lan { device eth1; address 10.0.0.1/24 }
interface wan { device eth0; address 192.0.2.1/24 }
route 10.5.0.0/16 via 10.0.0.254
zone inside { interface lan }
zone outside { interface wan }
policy outside -> inside { accept tcp 80 }
nat outside -> inside { dnat tcp 192.0.2.1:80 -> 10.5.0.80 }
"""


def _found(text: str, folder: Path) -> list[str]:
    file = folder / "public.flow"
    file.write_text(text, encoding="utf-8")
    return [one.code.name for one in check_files([file]).diagnostics if one.severity > Severity.NOTE]


def test_tenants_with_uplinks_of_their_own_may_have_the_same_public_address(tmp_path: Path) -> None:
    assert _found(TWO_UPLINKS, tmp_path) == []


def test_one_public_address_of_tenants_on_one_uplink_leads_to_one_machine(tmp_path: Path) -> None:
    shared = TWO_UPLINKS.replace("nat blue-outside", "nat red-outside").replace(
        "policy blue-outside", "policy red-outside"
    )
    assert "overlapping-forwards" in _found(shared, tmp_path)


def test_a_target_may_be_behind_a_router(tmp_path: Path) -> None:
    assert _found(BEHIND_A_ROUTER, tmp_path) == []
    assert _found(BEHIND_A_ROUTER.replace("10.5.0.80", "10.6.0.80"), tmp_path) == ["target-unplaced"]


@pytest.mark.parametrize(
    ("vrf", "help"),
    [
        ("", "check the address, or declare the route that leads there"),
        ("vrf red { table 7 }", "say in which VRF it is: `eip 203.0.113.16/28 <-> 172.16.0.16/28 vrf NAME`"),
    ],
)
def test_a_vrf_is_asked_for_only_where_there_are_some(vrf: str, help: str) -> None:
    text = f"""{vrf}
interface up {{ device eth0; address 192.0.2.1/24 }}
zone outside {{ interface up }}
pool public 203.0.113.0/24 at outside
eip 203.0.113.16/28 <-> 172.16.0.16/28
"""
    found = check_files(["t.flow"], read=lambda _: text.encode()).diagnostics
    assert [one.help for one in found if one.code.number == "FC306"] == [help]
