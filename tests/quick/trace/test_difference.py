"""Two files are compared by what becomes of packets: what is said differs, and what is not said does not."""

import random
from pathlib import Path

import pytest
from tests.quick.trace.asking import host_of
from tests.quick.trace.examples import EXAMPLES, HOSTS
from tests.quick.trace.test_partition import member

from flowc.api import compare_files, trace_files
from flowc.ir.addresses import FAMILIES, Range
from flowc.ir.network import Host
from flowc.ir.packet import Packets, every_packet
from flowc.trace.answer.treatment import of, together
from flowc.trace.difference.joint import (
    ACCEPTED,
    ANSWERED,
    BESIDE,
    CHANGED,
    REFUSED,
    Difference,
    cells,
    difference,
    places,
)
from flowc.trace.difference.text import lines, packet
from flowc.trace.model import Entry
from flowc.trace.partition import count

TENANT = (EXAMPLES[0].parent / "tenant-eip.flow").read_text(encoding="utf-8")

MUTATIONS = [
    ("accept tcp 80 to vm75", "accept tcp {80, 443} to vm75", ACCEPTED),
    ("    accept icmp limit 10/second\n", "", REFUSED),
    ("-> 2.2.2.12 ports 20000-29999", "-> 2.2.2.12 ports 30000-39999", CHANGED),
    ("eip 2.2.2.11", "eip 2.2.2.14", ACCEPTED),
    ("accept netperf to vm75 offload", "accept netperf to vm75", BESIDE),
    ("limit 10/second", "limit 11/second", BESIDE),
    ('drop log "internet-in"', "reject", ANSWERED),
    ('log "internet-in"', 'log "internet"', BESIDE),
    ("key     1000", "key     1001", CHANGED),
    ("accept tcp 22 from 172.168.152.0/24", "accept tcp 22 from 172.168.152.0/25", REFUSED),
    ("dnat tcp 2.2.2.12:8080", "dnat tcp 2.2.2.12:8081", ACCEPTED),
]


def of_texts(old: str, new: str, folder: Path) -> Difference:
    for name in ("old", "new"):
        (folder / name).mkdir(exist_ok=True)
    return difference(host_of(old, folder / "old"), host_of(new, folder / "new"))


@pytest.mark.parametrize(
    ("before", "after", "kind"), MUTATIONS, ids=[after or before for before, after, _ in MUTATIONS]
)
def test_a_change_is_found_and_its_example_shows_it(before: str, after: str, kind: object, tmp_path: Path) -> None:
    assert TENANT.count(before) >= 1
    old_text, _, _ = TENANT.partition("test ")
    new_text = old_text.replace(before, after)
    found = of_texts(old_text, new_text, tmp_path)
    assert found.changes
    assert found.changes[0].kind == kind
    assert not found.not_compared
    for change in found.changes:
        ways = []
        for side in ("old", "new"):
            asked = trace_files([tmp_path / side / "gw.flow"], packet(change))
            assert asked.answer is not None
            host, traces = asked.answer.host, asked.answer.traces
            ways.append(of(host, traces[0].entry, list(traces), traces[0].packets) if traces else None)
        assert ways[0] != ways[1], packet(change)


@pytest.mark.parametrize(("before", "after", "kind"), MUTATIONS[:4], ids=str)
def test_what_was_old_and_what_was_new_can_be_exchanged(before: str, after: str, kind: object, tmp_path: Path) -> None:
    text, _, _ = TENANT.partition("test ")
    there, back = (
        of_texts(*pair, tmp_path) for pair in ((text, text.replace(before, after)), (text.replace(before, after), text))
    )
    assert there.changes[0].kind == kind

    def sizes(found: Difference, *, turned: bool) -> set[tuple[object, ...]]:
        return {
            (frozenset((one.old.treatments, one.new.treatments)[:: -1 if turned else 1]), sum(map(count, one.packets)))
            for one in found.changes
        }

    assert sizes(there, turned=False) == sizes(back, turned=True)


REFACTORINGS = [
    ("vm75", "web"),
    ("tenant", "inside"),
    ("uplink", "wan"),
    (
        "    accept tcp 80 to vm75\n    accept icmp limit 10/second\n",
        "    accept icmp limit 10/second\n    accept tcp 80 to vm75\n",
    ),
    (
        "accept netperf to vm75 offload",
        "accept tcp 12865 to vm75 offload\n    accept tcp 20000-29999, udp 20000-29999 to vm75 offload",
    ),
    ("172.168.152.0/24 }\n", "{172.168.152.0/25, 172.168.152.128/25} }\n"),
    (
        "policy tenant -> internet { accept offload }\n",
        "policy tenant -> internet {\n accept tcp offload\n accept offload\n}\n",
    ),
]


@pytest.mark.parametrize(("before", "after"), REFACTORINGS, ids=[before.strip() for before, _ in REFACTORINGS])
def test_what_means_the_same_is_no_difference(before: str, after: str, tmp_path: Path) -> None:
    assert before in TENANT
    found = of_texts(TENANT, TENANT.replace(before, after), tmp_path)
    assert lines(found) == [f"{found.new.name}: no packet is treated differently"]


def test_the_order_of_declarations_is_no_difference(tmp_path: Path) -> None:
    text, _, _ = TENANT.partition("test ")
    head, blank, nats = text.partition("nat tenant -> internet")
    assert blank
    assert of_texts(text, blank + nats + head, tmp_path).is_empty


@pytest.mark.parametrize("name", ["tenant-eip/gw1", "two-tenants/gw", "two-hosts/left", "home-router/router"])
def test_a_cell_is_treated_alike_on_both_sides(name: str) -> None:
    old = HOSTS[name]
    new = HOSTS["tenant-eip/gw1"] if name != "tenant-eip/gw1" else HOSTS["two-tenants/gw"]
    rng = random.Random(3)  # noqa: S311  # the same ones every time
    by, there = next(iter(places(old).values())), next(iter(places(new).values()))
    for family in FAMILIES:
        for packets in every_packet(family):
            found = list(cells((old, by), (new, there), packets))
            assert sum(count(one.packets) for one in found) == count(packets)
            for cell in rng.sample(found, min(20, len(found))):
                one = member(cell.packets, rng)
                only = Packets(one.family, *((Range(value, value),) for value in one[1:]))
                for host, entry, side in ((old, by, cell.old), (new, there, cell.new)):
                    assert verdicts(host, entry, only) == {
                        (way.verdict, way.egress, way.key, way.offload, way.log) for way in side.treatments
                    }


def verdicts(host: Host, entry: Entry, only: Packets) -> set[tuple[object, ...]]:
    traces, region = together(host, entry, only)
    return {(way.verdict, way.egress, way.key, way.offload, way.log) for way in of(host, entry, traces, region)}


def test_what_is_not_compared_is_told(tmp_path: Path) -> None:
    found = of_texts(TENANT, TENANT.replace("to vm75", "to any"), tmp_path)
    found = difference(found.old, found.new, most=100)
    assert not found.is_empty
    assert any("not compared" in line for line in lines(found))


def test_a_place_that_one_side_has_is_told(tmp_path: Path) -> None:
    more = TENANT + "interface more { device eth7; address 192.0.2.1/28 }\nzone extra { interface more }\n"
    found = of_texts(TENANT, more, tmp_path)
    assert found.only_new == (("eth7", None),)
    assert any("only in the new file packets come in by eth7" in line for line in lines(found))


def test_the_same_file_is_not_walked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flowc.trace.difference.compared.difference", None)
    for example in EXAMPLES[:3]:
        assert compare_files(example, example).is_empty


LIMITED = """
interface x {{ device eth0; address 192.0.2.1/24 }}
interface y {{ device eth1; address 10.0.0.1/24 }}
zone out {{ interface x }}
zone in {{ interface y }}
policy in -> out {{ {rules} }}
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("accept tcp 80 limit 5/second; reject", "accept tcp 80 limit 5/second; accept tcp 80; reject"),
        ("accept tcp 80 limit 5/second", "accept tcp 80 limit 5/second; accept tcp 80 limit 5/second"),
        ("accept tcp 80 connections 20; drop log", "accept tcp 80 connections 20; drop"),
    ],
)
def test_what_is_beyond_a_limit_counts(tmp_path: Path, old: str, new: str) -> None:
    before, after = (host_of(LIMITED.format(rules=rules), tmp_path) for rules in (old, new))
    found = difference(before, after)
    boxes = [box for change in found.changes for box in change.packets]
    assert any(low <= 80 <= high for box in boxes for low, high in box.detail)
    assert difference(before, before).is_empty
