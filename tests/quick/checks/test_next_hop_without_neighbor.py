"""Which neighbours of offloaded flows are told to be missing, following routes, VRFs and what the rules mean."""

from collections.abc import Callable
from pathlib import Path

import pytest

from flowc.api import check_files
from flowc.diagnostics import Diagnostic, Severity
from flowc.repair import repair

HEAD = """
interface lan { device eth1; address 10.0.0.1/24, fd00::1/64 }
interface dmz { device eth2; address 10.0.9.1/24 }
interface wan { device eth0; address 192.0.2.2/24, 2001:db8::2/64 }
zone inside { interface lan }
zone servers { interface dmz }
zone internet { interface wan }
pool public 198.51.100.0/24 at internet
"""
OFFLOAD = "policy inside -> internet { accept offload }\n"
INWARD = "policy internet -> inside { accept tcp 80 OPERANDS offload }\n"
WEB = "endpoint web { address 10.0.0.80; interface lan }\n"


@pytest.fixture
def findings(tmp_path: Path) -> Callable[[str], list[Diagnostic]]:
    def find(text: str) -> list[Diagnostic]:
        file = tmp_path / "gw.flow"
        file.write_text(text, encoding="utf-8")
        found = list(check_files([file]).diagnostics)
        assert not [one for one in found if one.severity is Severity.ERROR], found
        return [one for one in found if one.code.name == "next-hop-without-neighbor"]

    return find


def names(found: list[Diagnostic]) -> set[str]:
    return {one.message.split("`")[1] for one in found}


GATEWAY = "route default via 192.0.2.1\n"


@pytest.mark.parametrize(
    ("more", "missing"),
    [
        (GATEWAY + OFFLOAD, {"192.0.2.1"}),
        (GATEWAY + OFFLOAD + "neighbor 192.0.2.1 on wan managed", set()),
        (GATEWAY + OFFLOAD + "neighbor 192.0.2.1 on wan 52:54:00:00:00:01", set()),
        (GATEWAY + OFFLOAD + "neighbor 10.0.0.1 on dmz managed", {"192.0.2.1"}),  # on another link
        (GATEWAY + "policy inside -> internet { accept }", set()),
        (GATEWAY + "policy inside -> internet { accept icmp offload }", set()),
        (GATEWAY + "policy inside -> internet { accept tcp 21 helper ftp offload }", set()),
        (GATEWAY + "policy inside -> servers { accept offload }", set()),
        (GATEWAY + "policy any -> internet { accept offload }", {"192.0.2.1"}),
        (GATEWAY + "policy inside -> internet { accept to fd00:9::/64 offload }", set()),
        (GATEWAY + "policy inside -> internet { accept to 192.0.2.0/25 offload }", set()),  # on the link
        (GATEWAY + "policy inside -> internet { accept to {192.0.2.0/25, 203.0.113.9} offload }", {"192.0.2.1"}),
        (GATEWAY + "policy inside -> internet { accept to not 203.0.113.0/24 offload }", {"192.0.2.1"}),
        ("route 10.8.0.0/16 via 192.0.2.7\npolicy inside -> internet { accept to 10.0.0.0/8 offload }", {"192.0.2.7"}),
        ("route 10.8.0.0/16 via 192.0.2.7\npolicy inside -> internet { accept to 10.9.0.0/16 offload }", set()),
        ("route default via 192.0.2.1 weight 2, 192.0.2.3\n" + OFFLOAD, {"192.0.2.1", "192.0.2.3"}),
        (GATEWAY + "route default via 192.0.2.9 from 10.0.0.128/25\n" + OFFLOAD, {"192.0.2.1", "192.0.2.9"}),
        ("route default via fe80::1 on wan\n" + OFFLOAD, {"fe80::1"}),
        ("route default via fe80::1 on wan\nneighbor fe80::1 on wan managed\n" + OFFLOAD, set()),
        (
            "endpoint gw { address 192.0.2.1; interface wan; mac 52:54:00:00:00:01 }\nroute default via gw\n" + OFFLOAD,
            set(),
        ),
        ("endpoint gw { address 192.0.2.1; interface wan }\nroute default via gw\n" + OFFLOAD, {"192.0.2.1"}),
        ("route default unreachable\n" + OFFLOAD, set()),
        (OFFLOAD, set()),
    ],
)
def test_next_hops(more: str, missing: set[str], findings: Callable[[str], list[Diagnostic]]) -> None:
    assert names(findings(f"host gw1 {{ offload hardware }}\n{HEAD}{more}\n")) == missing


@pytest.mark.parametrize(
    ("more", "missing"),
    [
        (WEB + INWARD.replace("OPERANDS", ""), {"web"}),
        (WEB + INWARD.replace("OPERANDS", "to web"), {"web"}),
        (WEB + INWARD.replace("OPERANDS", "to not web"), set()),
        (WEB + INWARD.replace("OPERANDS", "to 10.0.0.64/27"), {"web"}),
        (WEB + INWARD.replace("OPERANDS", "to 10.0.0.128/25"), set()),
        (WEB + INWARD.replace("OPERANDS", "via eip"), set()),
        (WEB + INWARD.replace("OPERANDS", "via eip") + "eip 198.51.100.80 <-> web", {"web"}),
        (WEB.replace("lan }", "lan; mac 52:54:00:00:00:80 }") + INWARD.replace("OPERANDS", ""), set()),
        (WEB + INWARD.replace("OPERANDS", "") + "neighbor web on lan managed", set()),
        (WEB + "policy inside -> internet { accept from web offload }", {"web"}),
        (WEB + "policy inside -> internet { accept from 10.0.0.5 offload }", set()),
        ("eip 198.51.100.81 <-> 10.0.0.81\n" + INWARD.replace("OPERANDS", "via eip"), {"10.0.0.81"}),
        ("nat internet -> inside { dnat tcp 198.51.100.81:80 -> 10.0.0.82 }\n" + INWARD.replace("OPERANDS", ""), {"10.0.0.82"}),
        ("eip 198.51.100.64/27 <-> 10.0.0.64/27\n" + INWARD.replace("OPERANDS", "via eip"), set()),
        (
            "route 10.5.0.0/16 via 10.0.0.254\nendpoint far { address 10.5.0.81; interface lan }\n"
            "eip 198.51.100.81 <-> far\n" + INWARD.replace("OPERANDS", "via eip"),
            {"10.0.0.254"},
        ),
        ("endpoint six { address fd00::6; interface lan }\n" + INWARD.replace("OPERANDS", "from 203.0.113.0/24"), set()),
        ("endpoint six { address fd00::6; interface lan }\n" + INWARD.replace("OPERANDS", "from 2001:db8:9::/48"), {"six"}),
    ],
)  # fmt: skip
def test_machines_that_the_file_names(
    more: str, missing: set[str], findings: Callable[[str], list[Diagnostic]]
) -> None:
    assert names(findings(f"host gw1 {{ offload hardware }}\n{HEAD}{more}\n")) == missing


TENANTS = """
host gw1 { offload hardware }
vrf red { table 1 }
vrf blue { table 2 }
interface up { device eth0; address 192.0.2.2/24 }
interface red-vms { device eth1; address 10.0.0.1/24; vrf red }
interface blue-vms { device eth2; address 10.0.0.1/24; vrf blue }
route default via 192.0.2.1 on up vrf red
route default via 192.0.2.9 on up vrf blue
endpoint r { address 10.0.0.5; interface red-vms }
endpoint b { address 10.0.0.5; interface blue-vms }
zone internet { interface up }
zone red-net { interface red-vms }
zone blue-net { interface blue-vms }
pool public 198.51.100.0/24 at internet
eip 198.51.100.5 <-> r
eip 198.51.100.6 <-> b
"""


@pytest.mark.parametrize(
    ("policy", "missing"),
    [
        ("policy red-net -> internet { accept offload }", {"192.0.2.1", "r"}),
        ("policy internet -> red-net { accept tcp via eip offload }", {"192.0.2.1", "r"}),
        ("policy blue-net -> internet { accept offload }", {"192.0.2.9", "b"}),
        ("policy any -> internet { accept offload }", {"192.0.2.1", "192.0.2.9", "r", "b"}),
    ],
)
def test_each_tenant_has_its_own_ways(
    policy: str, missing: set[str], findings: Callable[[str], list[Diagnostic]]
) -> None:
    assert names(findings(TENANTS + policy)) == missing


def test_a_machine_of_another_part_of_the_wire_is_none_of_the_zone(findings: Callable[[str], list[Diagnostic]]) -> None:
    text = """
host gw1 { offload hardware }
interface lan { device eth1; address 10.0.0.1/24 }
interface wan { device eth0; address 192.0.2.2/24 }
endpoint low { address 10.0.0.5; interface lan }
endpoint high { address 10.0.0.200; interface lan }
zone lower { interface lan from 10.0.0.0/25 }
zone upper { interface lan from 10.0.0.128/25 }
zone internet { interface wan }
policy upper -> internet { accept offload }
"""
    assert names(findings(text)) == {"high"}


def test_many_of_one_interface_are_one_finding(findings: Callable[[str], list[Diagnostic]]) -> None:
    machines = "".join(f"endpoint m{at} {{ address 10.0.0.{at}; interface lan }}\n" for at in range(10, 30))
    (one,) = findings(f"host gw1 {{ offload hardware }}\n{HEAD}{machines}{OFFLOAD}")
    assert one.message == "endpoint `m10` has no declared neighbour, and 19 more on `lan` have none"


@pytest.mark.parametrize(
    ("kernel", "note", "wanted"),
    [
        ("6.1", "stays in software until the entry is there", "managed`"),
        ("7.2", "makes no flow while the entry is missing", "managed`"),
        ("5.15", "stays in software until the entry is there", "with its MAC address"),
    ],
)
def test_what_happens_depends_on_the_kernel(
    kernel: str, note: str, wanted: str, findings: Callable[[str], list[Diagnostic]]
) -> None:
    (one,) = findings(f"host gw1 {{ kernel {kernel}; offload hardware }}\n{HEAD}{GATEWAY}{OFFLOAD}")
    assert note in one.notes[0]
    assert one.help is not None
    assert wanted in one.help


def test_behind_a_vlan_a_flow_does_not_recover(findings: Callable[[str], list[Diagnostic]]) -> None:
    vlan = HEAD.replace("device eth0", "vlan 7 on trunk") + "interface trunk { device eth0 }\n"
    (one,) = findings(f"host gw1 {{ offload hardware }}\n{vlan}{GATEWAY}{OFFLOAD}")
    assert "stays in software until it ends" in one.notes[0]


def test_in_software_nothing_is_lost(findings: Callable[[str], list[Diagnostic]]) -> None:
    assert findings(f"host gw1 {{ offload software }}\n{HEAD}{GATEWAY}{WEB}{OFFLOAD}") == []


# ---- the repair


ROUTE = "route default via 192.0.2.1\n"


def rewritten(text: str, folder: Path, **tables: str) -> str | None:
    """The text as `--fix` leaves it; None if it makes nothing of it."""
    file = folder / "gw.flow"
    file.write_text(text, encoding="utf-8")
    for name, rows in tables.items():
        (folder / f"{name}.csv").write_text(rows, encoding="utf-8")
    done = repair(check_files([file]).diagnostics)
    return file.read_text(encoding="utf-8") if done.count else None


HARDWARE = "host gw1 { offload hardware }\n" + HEAD + OFFLOAD


def test_the_line_that_is_missing_is_added_below_the_route(
    tmp_path: Path, findings: Callable[[str], list[Diagnostic]]
) -> None:
    text = rewritten(HARDWARE + ROUTE, tmp_path)
    assert text == HARDWARE + ROUTE + "neighbor 192.0.2.1 on wan managed\n"
    assert findings(text) == []


def test_many_are_added_at_once(tmp_path: Path, findings: Callable[[str], list[Diagnostic]]) -> None:
    routes = "".join(f"route 10.{number}.0.0/16 via 192.0.2.{number}\n" for number in range(10, 20))
    (finding,) = findings(HARDWARE + routes)
    assert finding.fix is not None
    assert len(finding.fix.edits) == 10
    text = rewritten(HARDWARE + routes, tmp_path)
    assert text is not None
    assert text.count(" managed\n") == 10
    assert findings(text) == []


@pytest.mark.parametrize(
    "text",
    [
        HARDWARE + WEB + INWARD.replace("OPERANDS", "to web"),
        HARDWARE.replace("offload hardware", "offload hardware; kernel 5.10") + ROUTE,
        HARDWARE + 'routes from "routes.csv"\n',
        HARDWARE + "host gw2 { neighbor 192.0.2.1 on wan 52:54:00:00:00:01 }\n" + ROUTE,
    ],
    ids=["an endpoint", "an old kernel", "a row of a table", "a route of other hosts too"],
)
def test_no_line_is_added_where_another_may_be_better(
    text: str, tmp_path: Path, findings: Callable[[str], list[Diagnostic]]
) -> None:
    rows = "destination,via\ndefault,192.0.2.1\n"
    assert rewritten(text, tmp_path, routes=rows) is None
    assert findings(text)


def test_a_route_in_the_hosts_own_block_is_its_own(tmp_path: Path) -> None:
    text = HARDWARE.replace("{ offload hardware }", "{ offload hardware; " + ROUTE.strip() + " }") + "host gw2 { }\n"
    assert rewritten(text, tmp_path) == text.replace(
        ROUTE.strip(), ROUTE.strip() + "; neighbor 192.0.2.1 on wan managed"
    )
