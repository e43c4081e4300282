"""What is found of MAC addresses that filters write."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.quick.backends.filters import with_references
from tests.quick.verify.readings import observed, tenant, verify

from flowc.hoststate.macs import resolved
from flowc.hoststate.tc import MacOfDevice, MacOfNeighbor, Reference
from flowc.verify.macs import compare, macs
from flowc.verify.model import Part, Row, State

OWN, HOP, MACHINE = MacOfDevice("eth0"), MacOfNeighbor("198.51.100.1", "eth0"), MacOfNeighbor("10.0.0.75", "tap75")
KNOWN: dict[Reference, str] = {OWN: "02:00:00:00:00:01", HOP: "02:00:00:00:00:02", MACHINE: "02:00:00:00:00:03"}
WANTED = with_references("tap75", "eth0", "10.0.0.75", "198.51.100.1")
LOADED = tuple(resolved(WANTED, KNOWN))
OTHER = "02:00:00:00:00:99"


def found(known: dict[Reference, str]) -> dict[str, Row]:
    return {row.what: row for row in macs(compare(WANTED, LOADED, known))}


def test_what_is_written_is_what_there_is() -> None:
    rows = found(KNOWN)
    assert [(row.part, row.state, row.what, row.span) for row in rows.values()] == [
        (Part.NEIGHBORS, State.OK, "10.0.0.75 dev tap75 (tc filters)", None),
        (Part.NEIGHBORS, State.OK, "198.51.100.1 dev eth0 (tc filters)", None),
        (Part.DEVICES, State.OK, "eth0 (tc filters)", None),
    ]


@pytest.mark.parametrize(("reference", "what"), [(HOP, "198.51.100.1 dev eth0"), (OWN, "eth0")])
def test_a_mac_that_has_changed_loses_packets(reference: Reference, what: str) -> None:
    row = found(KNOWN | {reference: OTHER})[f"{what} (tc filters)"]
    assert row.state is State.WRONG
    assert row.why == f"tc filters write {KNOWN[reference]}, and it has {OTHER}: what they send is lost"
    assert row.span is WANTED[1].span


def test_a_mac_that_is_written_and_not_known_any_more_may_be_wrong() -> None:
    row = found({one: mac for one, mac in KNOWN.items() if one != HOP})["198.51.100.1 dev eth0 (tc filters)"]
    assert (row.state, row.why) == (
        State.WRONG, f"tc filters send to {KNOWN[HOP]}, and nothing says that it is still there"
    )  # fmt: skip


def test_what_was_never_known_keeps_flows_with_nft() -> None:
    loaded = tuple(resolved(WANTED, {OWN: KNOWN[OWN]}))
    rows = {row.what: row for row in macs(compare(WANTED, loaded, {OWN: KNOWN[OWN]}))}
    row = rows["198.51.100.1 dev eth0 (tc filters)"]
    assert (row.state, row.why) == (
        State.UNKNOWN,
        "flows to 198.51.100.1 stay in nft: no neighbour 198.51.100.1 on eth0",
    )
    late = {row.what: row for row in macs(compare(WANTED, loaded, KNOWN))}["198.51.100.1 dev eth0 (tc filters)"]
    assert (late.state, late.why) == (
        State.WRONG, "its MAC address is known, and no tc filter writes it: flows stay in nft"
    )  # fmt: skip


def test_it_is_a_finding_beside_the_difference(tmp_path: Path) -> None:
    host = tenant(tmp_path)
    written = compare(WANTED, LOADED, KNOWN | {HOP: OTHER})
    told = verify(host, replace(observed(), macs=written))
    assert [one.things for one in told.of(Part.NEIGHBORS) if one.state is State.WRONG] == [
        ("198.51.100.1 dev eth0 (tc filters)",)
    ]
