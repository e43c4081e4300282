"""What is said of who carries offloaded flows."""

from pathlib import Path

import pytest
from tests.datapaths import tenant_eip_by_key

from flowc.api import check_files
from flowc.checks.offload.remedies import REMEDIES
from flowc.diagnostics import Diagnostic
from flowc.ir.datapath import Stay

MAIN = """host gw { HOST }
interface uplink { device eth0; address 192.0.2.2/24 }
interface lan { device eth1; address 10.0.0.1/24 }
route default via 192.0.2.1
neighbor 192.0.2.1 on uplink managed
endpoint web { address 10.0.0.80; interface lan }
zone internet { interface uplink }
zone inside { interface lan }
pool public 198.51.100.0/28 at internet
eip 198.51.100.8 <-> webEIP
policy internet -> inside { accept tcp 443OFFLOAD }
"""
KEYS = """host gw { HOST }
vrf red { table 1001 }
interface uplink { device eth0; address 203.0.113.2/24 }
interface underlay { device eth1; address 172.16.1.1/24 }
tunnel overlay { type gretap; local 172.16.1.1; on underlay; shared }
tunnel key { over overlay; key 7; remote 172.16.1.2; vrf red; address 10.0.1.1/24 }
neighbor 203.0.113.1 on uplink managed
endpoint web { address 10.0.1.80; interface key; mac 52:54:00:00:00:80 }
route default via 203.0.113.1 on uplink vrf red
zone internet { interface uplink }
zone inside { interface key }
policy inside -> internet { accept offload }
nat inside -> internet { snat 10.0.1.80 -> 198.51.100.9 }
"""


def check(folder: Path, text: str, code: str) -> list[Diagnostic]:
    file = folder / "gw.flow"
    file.write_text(text, encoding="utf-8")
    found = check_files([file]).diagnostics
    assert not found.has_errors, [one.message for one in found]
    return [one for one in found if one.code.number == code]


def main(host: str = "", eip: str = "", offload: str = " offload") -> str:
    return MAIN.replace("HOST", host).replace("EIP", eip).replace("OFFLOAD", offload)


def line(found: Diagnostic) -> int:
    return found.primary.span.line


def test_what_tc_leaves_is_told_where_tc_is_asked_for(tmp_path: Path) -> None:
    (found,) = check(tmp_path, main(eip=" datapath tc"), "FC711")
    assert line(found) == 10
    assert [label.span.line for label in found.related] == [6]
    assert {line(one) for one in check(tmp_path, main("datapath tc"), "FC711")} == {1}


@pytest.mark.parametrize(
    ("host", "eip", "where"), [("datapath tc", "", 1), ("", " datapath tc", 10), ("datapath tc", " datapath tc", 1)]
)
def test_a_datapath_without_offload_is_told(host: str, eip: str, where: int, tmp_path: Path) -> None:
    (found,) = check(tmp_path, main(host, eip, offload=""), "FC711")
    assert (line(found), found.message) == (where, "tc carries nothing")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (main("datapath tc; offload off", offload=""), "this host says `offload off`"),
        (main("datapath tc", offload=""), "no rule between zones says `offload`"),
        ("".join(one for one in main("datapath tc").splitlines(True) if one[:3] not in ("end", "eip", "nei")),
         "the file names no machine with flows that a rule offloads"),
    ],
)  # fmt: skip
def test_why_tc_carries_nothing(text: str, why: str, tmp_path: Path) -> None:
    (found,) = check(tmp_path, text, "FC711")
    assert (found.message, found.primary.text) == ("tc carries nothing", why)


def test_a_missing_mac_is_told_once(tmp_path: Path) -> None:
    (found,) = check(tmp_path, main("datapath tc"), "FC711")
    assert found.message == "tc does not take address 10.0.0.80"
    assert found.notes == ("nor what shares an address with it: EIP 198.51.100.8",)
    assert found.help == "give the endpoint its `mac`, or name the machine as a `neighbor ... managed`"


def test_who_asks_for_tc_and_shares_an_address_with_who_does_not_is_told(tmp_path: Path) -> None:
    text = main("datapath tc").replace("interface lan }\nzone", "interface lan; mac 52:54:00:00:00:80 }\nzone")
    text += """endpoint db { address 10.0.0.81; interface lan; mac 52:54:00:00:00:81 }
nat internet -> inside { dnat tcp 198.51.100.8:2222 -> db:22 }
"""
    (found,) = check(tmp_path, text.replace("<-> web", "<-> web datapath nft"), "FC711")
    assert found.message == "tc does not take address 10.0.0.81"
    assert found.notes == ("its EIP says `datapath nft`",)
    assert found.help == "let all that share the address have one `datapath`"


def test_an_eip_that_asks_for_tc_without_offload_is_told(tmp_path: Path) -> None:
    more = """interface wire { device eth2; address 10.0.2.1/24 }
zone racks { interface wire }
endpoint db { address 10.0.2.5; interface wire; mac 52:54:00:00:02:05 }
endpoint log { address 10.0.2.6; interface wire; mac 52:54:00:00:02:06 }
eip 198.51.100.2 <-> db datapath tc
eip 198.51.100.3 <-> log datapath tc
policy internet -> racks { accept tcp 443OFFLOAD }
"""
    (found,) = check(tmp_path, main() + more.replace("OFFLOAD", ""), "FC711")
    assert (found.message, line(found)) == ("no rule offloads flows of 2 EIPs that ask for tc", 16)
    (found,) = check(tmp_path, main() + more.replace("OFFLOAD", "").replace("log datapath tc", "log"), "FC711")
    assert (found.message, line(found)) == ("no rule offloads flows of this EIP", 16)
    assert not check(tmp_path, main() + more.replace("OFFLOAD", " offload"), "FC711")


def test_one_address_is_counted_as_one(tmp_path: Path) -> None:
    text = main("datapath nft").replace("eip 198.51.100.8 <-> web\n", "")
    (found,) = check(tmp_path, text, "FC712")
    assert found.message == "established packets go by the flowtable for 1 address"


def test_a_host_that_does_not_ask_for_tc_may_do_without_offload(tmp_path: Path) -> None:
    assert not check(tmp_path, main("datapath nft", " datapath nft", offload=""), "FC711")


def test_a_choice_of_the_host_is_the_reason_of_public_addresses_too(tmp_path: Path) -> None:
    (found,) = check(tmp_path, main("datapath nft"), "FC712")
    assert found.message == "established packets go by the flowtable for 2 addresses"
    assert found.notes == ("by the flowtable (the host says `datapath nft`): address 10.0.0.80, EIP 198.51.100.8",)


def test_the_note_stands_at_the_eip_if_no_host_says_anything(tmp_path: Path) -> None:
    (found,) = check(tmp_path, main(eip=" datapath nft"), "FC712")
    assert line(found) == 10


def test_the_warning_of_a_shared_tunnel_says_why_tc_does_not_take_it(tmp_path: Path) -> None:
    (found,) = check(tmp_path, KEYS.replace("HOST", "offload hardware"), "FC703")
    assert found.notes == ("tc does not take them: the MTUs of its ways differ, and the NIC does not measure packets",)
    assert found.help == REMEDIES[Stay.MTU]
    (found,) = check(tmp_path, KEYS.replace("HOST", "offload software"), "FC703")
    assert not found.notes
    assert found.help == (
        "write `datapath tc` in the `host` block, give the tenant a tunnel device of its own, or leave `offload` out"
    )
    nobody = KEYS.replace("endpoint web { address 10.0.1.80; interface key; mac 52:54:00:00:00:80 }\n", "")
    (found,) = check(tmp_path, nobody.replace("HOST", "offload software; datapath tc"), "FC703")
    assert found.help == "name the machines of the tenant, each as an `endpoint` with its `mac`"


def test_every_reason_that_something_can_be_done_about_says_what() -> None:
    nothing = {Stay.OVERRIDE, Stay.BRIDGE, Stay.VIRTUAL, Stay.TWO_SIDES}
    assert set(Stay) - REMEDIES.keys() == nothing
    for text in REMEDIES.values():
        assert text[0].islower()
        assert text[-1] != "."


def test_a_tunnel_that_tc_sends_the_flows_of_its_machines_out_by_is_no_warning(tmp_path: Path) -> None:
    text = tenant_eip_by_key()
    assert not check(tmp_path, text, "FC703")
    assert check(tmp_path, text.replace("datapath tc", "datapath nft"), "FC703")


OTHERS = """
interface office { device eth2; address 10.2.0.1/24 }
zone staff { interface office }
policy staff -> internet datapath tc { accept offload }
"""


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (OTHERS, "the file names no machine of its zones"),
        (OTHERS.replace(" offload", ""), "no rule of it offloads what goes between zones"),
        (OTHERS.replace("staff -> internet", "inside -> any") + "policy inside -> internet { accept offload }\n"
         "policy inside -> staff { accept }", "no rule of it offloads what goes between zones"),
    ],
)  # fmt: skip
def test_a_policy_that_asks_for_tc_in_vain_is_told(more: str, why: str, tmp_path: Path) -> None:
    found = check(tmp_path, main() + more, "FC711")
    assert [(one.message, one.primary.text) for one in found] == [("tc carries nothing of this policy", why)]
    machine = "endpoint pc { address 10.2.0.7; interface office; mac 52:54:00:00:02:07 }\n"
    assert not check(tmp_path, main() + OTHERS + machine, "FC711")


def test_what_a_shared_address_is_left_for_is_helped(tmp_path: Path) -> None:
    more = OTHERS + "endpoint pc { address 10.2.0.7; interface office; mac 52:54:00:00:02:07 }\n"
    more += "nat staff -> internet { masquerade }\n"
    (found,) = check(tmp_path, main() + more, "FC711")
    assert found.notes == (Stay.UNNAMED.value,)
    assert found.help == REMEDIES[Stay.UNNAMED]
