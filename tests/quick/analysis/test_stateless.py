"""What of an EIP needs no connection: what rules admit both ways, and nothing that something else is translated to."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowc.analysis.blocks import blocks
from flowc.analysis.stateless import Keeps, Kept, Open, Stateless
from flowc.api import check_files
from flowc.ir.addresses import Range, merge
from flowc.ir.datapath import Stay

MAIN = """
host gw { offload software }
interface uplink { device eth0; address 192.0.2.2/24 }
vrf red { table 1000 }
interface lan { device eth1; address 10.0.0.1/24, fd00::1/64; vrf red }
route default via 192.0.2.1 on uplink vrf red
neighbor 192.0.2.1 on uplink managed
endpoint web { address 10.0.0.80, fd00::80; interface lan; mac 52:54:00:00:00:80 }
endpoint db  { address 10.0.0.81; interface lan; mac 52:54:00:00:00:81 }
endpoint new { address 10.0.0.82; interface lan }
zone internet { interface uplink }
zone inside { interface lan }
pool public 198.51.100.0/28, 2001:db8::/120 at internet
eip 198.51.100.8 <-> web stateless
"""
BOTH = "policy internet -> inside { accept offload }\npolicy inside -> internet { accept offload }"
FAR = "{ address 10.0.0.86; interface lan; mac 52:54:00:00:00:86 }"
EVERY = (Range(0, 65535),)


def found(more: str, folder: Path) -> list[Open | Kept]:
    file = folder / "gw.flow"
    file.write_text(MAIN + more, encoding="utf-8")
    result = check_files([file])
    assert not result.diagnostics.has_errors, [one.message for one in result.diagnostics]
    stateless = result.network.hosts[0].derived(Stateless)
    return [*stateless.open, *stateless.kept]


def flows(more: str, folder: Path) -> dict[int, tuple[object, object]]:
    (one,) = found(more, folder)
    assert isinstance(one, Open)
    return {protocol: (local, remote) for protocol, local, remote in one.flows}


def reason(more: str, folder: Path) -> object:
    one = found(more, folder)[-1]
    assert isinstance(one, Kept)
    return one.reason


def policies(inwards: str, outwards: str) -> str:
    return f"policy internet -> inside {{ {inwards} }}\npolicy inside -> internet {{ {outwards} }}"


def test_what_both_policies_admit(tmp_path: Path) -> None:
    assert flows(BOTH, tmp_path) == {6: (EVERY, EVERY), 17: (EVERY, EVERY)}
    web = policies("accept tcp {80, 443} via eip offload", "accept offload")
    assert flows(web, tmp_path) == {6: ((Range(80, 80), Range(443, 443)), EVERY)}
    dns = policies("accept udp 53 to web offload", "accept udp {53, 123} offload; accept tcp offload")
    assert flows(dns, tmp_path) == {17: ((Range(53, 53),), (Range(53, 53), Range(123, 123)))}


@pytest.mark.parametrize(
    "rule",
    [
        "drop tcp 80",
        "drop tcp 80 from 203.0.113.0/24",
        "accept tcp 80",
        "accept tcp 80 offload from 203.0.113.0/24",
        "accept tcp 80 log offload",
        "accept tcp 80 counter offload",
        "accept tcp 80 limit 10/second offload",
    ],
)
def test_a_port_that_a_rule_before_asks_more_of_is_tracked(rule: str, tmp_path: Path) -> None:
    text = policies(f"{rule}; accept tcp 80-81 offload", "accept tcp offload")
    assert flows(text, tmp_path) == {6: ((Range(81, 81),), EVERY)}


def test_a_rule_for_others_changes_nothing(tmp_path: Path) -> None:
    text = policies("drop tcp 80 to db; accept tcp 80 offload", "drop from db; accept tcp offload")
    assert flows(text, tmp_path) == {6: ((Range(80, 80),), EVERY)}


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (policies("accept tcp 80", "accept offload"), Keeps.POLICY),
        (policies("accept tcp 80 offload", "accept udp offload"), Keeps.POLICY),
        (policies("accept tcp 80 offload", "accept"), Keeps.POLICY),
        ("policy internet -> inside { accept offload }", Keeps.POLICY),
        ("policy internet -> inside { accept }\npolicy inside -> internet { accept }", Keeps.IDLE),
        (BOTH + "\neip 2001:db8::8 <-> web stateless", Keeps.FAMILY),
        (BOTH + "\neip 198.51.100.9 <-> new stateless", Stay.NEIGHBOR),
        (BOTH + "\nnat internet -> inside { dnat tcp 198.51.100.3:79 -> web:80 }", Keeps.FORWARD),
        (BOTH + "\nnat internet -> inside { dnat tcp 198.51.100.8:79 -> db:80 }", Keeps.FORWARD),
        (BOTH + "\neip 198.51.100.9 <-> 10.5.0.9 vrf red stateless\nroute 10.5.0.0/24 via db vrf red", Keeps.ROUTER),
        (BOTH + "\neip 198.51.100.12/30 <-> 10.0.0.84/30 stateless", Keeps.IDLE),
        (BOTH + "".join(f"\nroute 10.{n}.0.0/24 via db vrf red" for n in range(20, 52)), Keeps.MANY),
        (policies(f"accept tcp {{{', '.join(map(str, range(1, 99, 2)))}}} offload", "accept offload"), Keeps.PORTS),
    ],
    ids=range(13),
)
def test_why_all_of_an_eip_is_tracked(more: str, expected: object, tmp_path: Path) -> None:
    assert reason(more, tmp_path) is expected


@pytest.mark.parametrize("offload", ["hardware", "off"])
def test_of_the_host_it_is_the_kernels(offload: str, tmp_path: Path) -> None:
    text = (MAIN + BOTH).replace("offload software", f"offload {offload}")
    file = tmp_path / "gw.flow"
    file.write_text(text)
    (one,) = check_files([file]).network.hosts[0].derived(Stateless).kept
    assert one.reason is (Keeps.HARDWARE if offload == "hardware" else Keeps.IDLE)


def test_without_a_default_route_few_are_reached(tmp_path: Path) -> None:
    file = tmp_path / "gw.flow"
    several = "route default via 192.0.2.1 on uplink, 192.0.2.9 on uplink vrf red\nneighbor 192.0.2.9 on uplink managed"
    file.write_text((MAIN + BOTH).replace("route default via 192.0.2.1 on uplink vrf red", several))
    (one,) = check_files([file]).network.hosts[0].derived(Stateless).kept
    assert one.reason is Keeps.WAYS


@pytest.mark.parametrize(
    ("inwards", "expected"),
    [
        ("accept tcp {80, 81} via eip offload; accept tcp 81", [(Range(80, 80),)]),
        ("accept tcp {80, 81} via eip offload; drop", [(Range(80, 81),)]),
        ("accept tcp {80, 81} offload", Keeps.DIRECT),
    ],
)
def test_what_may_be_called_by_its_own_address_is_tracked(inwards: str, expected: object, tmp_path: Path) -> None:
    """In the table that the outside is in, too: both calls are answered alike."""
    text = MAIN.replace("; vrf red", "").replace(" on uplink vrf red", "").replace("vrf red { table 1000 }", "")
    file = tmp_path / "gw.flow"
    file.write_text(text + policies(inwards, "accept tcp offload"))
    stateless = check_files([file]).network.hosts[0].derived(Stateless)
    found = [flows.local for one in stateless.open for flows in one.flows] or stateless.kept[0].reason
    assert found == expected


def test_of_ports_that_take_too_many_filters_the_note_says_so(tmp_path: Path) -> None:
    many = ", ".join(str(port) for port in range(1, 71, 2))
    rules = f"accept tcp 443 to web via eip offload; accept udp {{{many}}} to web via eip offload"
    (one,) = found(policies(rules, "accept offload"), tmp_path)
    assert isinstance(one, Open)
    assert [flow.protocol for flow in one.flows] == [6]
    assert [flow.protocol for flow in one.crowded] == [17]
    (note,) = (said for said in check_files([tmp_path / "gw.flow"]).diagnostics if said.code.number == "FC714")
    (line,) = note.notes
    assert line == (
        "EIP 198.51.100.8: tcp of port 443; udp of ports 1, 3, 5, 7, 9 and 30 more ranges is tracked, since it would take "
        "more than 32 filters"
    )


def test_by_the_prefix_it_is_the_machines_that_the_file_names(tmp_path: Path) -> None:
    opened = found(f"{BOTH}\neip 198.51.100.12/30 <-> 10.0.0.84/30 stateless\nendpoint far {FAR}", tmp_path)
    assert [one.text for one in opened if isinstance(one, Open)] == ["EIP 198.51.100.8", "EIP 198.51.100.14"]


@given(st.lists(st.tuples(st.integers(0, 65535), st.integers(0, 65535)), max_size=4))
def test_blocks_are_the_ports(pairs: list[tuple[int, int]]) -> None:
    ports = merge(Range(min(one), max(one)) for one in pairs)
    covered = sorted((one.value, one.value + (1 << 16) - one.mask - 1) for one in blocks(ports))
    assert merge(Range(*one) for one in covered) == ports
    assert all(one.value & ~one.mask == 0 for one in blocks(ports))
    assert sum(high - low + 1 for low, high in covered) == sum(high - low + 1 for low, high in ports)
