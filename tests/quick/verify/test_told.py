"""What people and programs are told, and the command with its exit status."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.quick.docs.pages import REPO, Page
from tests.quick.verify.readings import EIP, FACTS, NEIGHBORS, TENANT, facts, flow, observed, tenant, verify

import flowc.live
from flowc.api import compile_files
from flowc.backends.nft import ruleset
from flowc.cli import main
from flowc.delta.compared import ComparedStates, compare_host
from flowc.hoststate.routing import NeighborRow
from flowc.hoststate.tracked import Counted
from flowc.ir.tables import Table
from flowc.verify.document import VERSION, document
from flowc.verify.model import Finding, Part, State, Verified
from flowc.verify.text import lines

SCHEMA = json.loads((REPO / "docs" / "schemas" / f"verify-{VERSION}.schema.json").read_text(encoding="utf-8"))
EXAMPLE = str(REPO / "examples" / "tenant-eip.flow")


@pytest.fixture
def found(tmp_path: Path) -> Verified:
    """A thing of each state."""
    host = tenant(tmp_path, ("route default via peer vrf acme", "route default via 10.0.1.9 vrf acme"))
    many = [flow(there=(f"10.0.1.241|{port}", EIP[1]), back=("10.0.0.99|12865", f"10.0.1.241|{port}"), number=port) for port in range(100)]  # fmt: skip
    return verify(host, observed(*many, flow(offloaded=True, number=200)), FACTS, absent=("tap75",))


def test_what_programs_get_fits_its_schema(found: Verified) -> None:
    told = json.loads(document(found))
    jsonschema.Draft202012Validator(SCHEMA).validate(told)
    assert (told["host"], told["true"], told["wrong"]) == ("gw1", False, 101)
    assert sum(len(one["things"]) for one in told["findings"]) == told["wrong"] + told["unknown"] + told["ok"]
    empty = json.loads(document(Verified("gw1", ())))
    jsonschema.Draft202012Validator(SCHEMA).validate(empty)
    assert empty["true"] is True


def test_the_schema_refuses_what_it_does_not_know(found: Verified) -> None:
    told: dict[str, Any] = json.loads(document(found))
    told["findings"][0]["state"] = "perhaps"
    assert list(jsonschema.Draft202012Validator(SCHEMA).iter_errors(told))


def test_many_connections_take_a_few_lines(found: Verified) -> None:
    told = lines(found)
    assert len(told) < 30
    (line,) = (line for line in told if "100 connections" in line)
    assert line.startswith("  wrong    100 connections: not as the file says: 2.2.2.11 is 10.0.0.75 now  ")
    assert sum(line.startswith("             tcp 10.0.1.241:") for line in told) == 3
    assert any(line.strip() == "and 97 more (all with -v)" for line in told)
    assert sum("tcp 10.0.1.241:" in line for line in lines(found, verbose=True)) == 101


def test_a_host_on_which_nothing_is_loaded_takes_a_few_lines_too() -> None:
    findings = tuple(Finding(Part.DRIFT, State.WRONG, "it is missing", (f"route {n}",)) for n in range(1000))
    told = lines(Verified("gw1", findings))
    assert len(told) == 24
    assert told[-3:] == ["  and 980 declarations more (all with -v)", "", "gw1: 1000 wrong"]
    assert len(lines(Verified("gw1", findings), verbose=True)) == 1003


def test_what_is_fine_is_told_to_who_asks_but_for_connections(found: Verified) -> None:
    told, all_of_it = "\n".join(lines(found)), "\n".join(lines(found, verbose=True))
    assert "ok       tcp 10.0.1.241:40000 -> 2.2.2.11:12865: offloaded" in told
    assert "permanent" not in told
    assert "  ok       2 neighbours: permanent\n             10.0.0.75 dev tap75 (endpoint vm75)\n" in all_of_it
    assert told.splitlines()[-1] == "gw1: 101 wrong, 2 unknown, 7 ok"


def test_the_page_shows_what_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A neighbour was deleted and a device taken out of the flowtable, while two connections run."""
    monkeypatch.chdir(tmp_path)
    Path("tenant-eip.flow").write_text(TENANT)
    result = compile_files(["tenant-eip.flow"])
    (state,), (host,) = result.states.values(), result.network.hosts
    known = [row for row in state.neighbors if row.address != "10.0.0.75"]
    there = replace(state, neighbors=Table(NeighborRow, known))
    rules = ruleset(state)
    assert rules.flowtable
    loaded = replace(rules, flowtable=replace(rules.flowtable, devices=("gre1000",)))
    compared = ComparedStates((compare_host(there, state, loaded, rules),), (), ())
    udp = flow(
        "udp",
        ("10.0.1.241|41001", "2.2.2.11|20001"),
        ("10.0.0.75|20001", "10.0.1.241|41001"),
        offloaded=True,
        packets=900,
    )
    tcp = flow(
        there=("10.0.1.241|41000", EIP[1]), back=("10.0.0.75|12865", "10.0.1.241|41000"), offloaded=True, packets=900
    )
    before = [one._replace(counters=(Counted(90, 0), Counted(0, 0))) for one in (tcp, udp)]
    seen = observed(tcp, udp, before=before, forwarded=(0, 1616), flowtable=frozenset({"gre1000"}))
    found = verify(host, seen, facts(neighbors=NEIGHBORS[1:]), compared=compared)
    page = Page(REPO / "docs" / "verify.md")
    shown = next(block.text for block in page.blocks if block.text.startswith("# flowc verify"))
    assert shown.splitlines() == ["# flowc verify tenant-eip.flow", *lines(found)]


def test_what_is_told_obeys_no_terminal() -> None:
    finding = Finding(Part.DRIFT, State.WRONG, "\x1b[2Jwhy", ("\x1b[1mthing",), "\x1bhelp")
    assert "\x1b" not in "".join(lines(Verified("\x1bhost", (finding,), ("\x1bnote",))))


@pytest.mark.parametrize(("state", "status"), [(State.OK, 0), (State.UNKNOWN, 0), (State.WRONG, 1)])
def test_the_exit_status_says_whether_something_is_wrong(
    state: State, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: dict[str, object] = {}

    def verify_live(*given: object, **named: object) -> Verified:
        asked.update(named, netns=given[2])
        return Verified("gw1", (Finding(Part.DEVICES, state, "so", ("eth0",)),))

    monkeypatch.setattr(flowc.live, "verify_live", verify_live)
    assert main(["verify", EXAMPLE, "--netns", "gw", "--seconds", "0.5", "--resolve", "--format", "json"]) == status
    assert asked == {"netns": "gw", "seconds": 0.5, "ask": True}
    assert json.loads(capsys.readouterr().out)["findings"][0]["state"] == state.value


def test_what_cannot_be_verified_is_no_finding(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "bad.flow"
    bad.write_text("zone inside { interface lna }\n")
    assert main(["verify", str(bad)]) == 2
    assert main(["verify", EXAMPLE, "--netns", "there-is-none"]) == 2
    assert main(["verify", EXAMPLE, "--seconds", "-1"]) == 2
    err = capsys.readouterr().err
    assert "nothing was verified" in err
    assert "cannot open network namespace there-is-none" in err
