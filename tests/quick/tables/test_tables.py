"""Tables from CSV: the same as the statements, and every finding at its own line and column."""

from __future__ import annotations

import csv
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.golden import Golden
from tests.quick.syntax.helpers import expanded, nodes, printed, render

from flowc import api
from flowc.diagnostics import Diagnostics
from flowc.diagnostics.render_text import render_text
from flowc.files import MAX_BYTES
from flowc.resolve import resolve, scope
from flowc.source import Source, Span
from flowc.syntax import tree
from flowc.syntax.load import load
from flowc.syntax.parse import parse
from flowc.syntax.rows import KINDS, rows
from flowc.syntax.table import MAX_ERRORS, Table

ERRORS = Path(__file__).parent / "errors"

HOST = """
vrf acme { table 1000 }
interface vms { device tap0; address 10.0.0.1/16, fd00::1/64; vrf acme }
interface up  { device eth0; address 192.0.2.2/24, 2001:db8::2/64; vrf acme }
interface lan { device eth1; address 10.99.0.1/24 }
zone tenant   { interface vms }
zone internet { interface up }
zone office   { interface lan }
pool public 203.0.113.0/24, 2001:db8:7::/64 at internet
policy internet -> tenant { accept tcp 80 via eip }
nat internet -> tenant { dnat tcp 203.0.113.99:22 -> 10.0.0.99:22 }
"""


def read(kind: str, text: str) -> tuple[tree.File, list[str]]:
    """The rows of a CSV file and what is said of it."""
    diagnostics = Diagnostics()
    return expanded(rows(kind, Source("t.csv", text), diagnostics)), printed(diagnostics)


@pytest.mark.parametrize("file", sorted(ERRORS.glob("*.flow")), ids=lambda file: file.stem)
def test_mistakes_are_explained_where_they_are(file: Path, golden: Golden, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ERRORS)
    golden(file.with_suffix(".txt"), render_text(api.check_files([file.name]).diagnostics))


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("eips", "address,target\n2.2.2.1,vm1", "(Eip 2.2.2.1 vm1 - - -)"),
        ("eips", "address,target\n2.2.4.0/24,10.0.0.0/24", "(Eip 2.2.4.0/24 10.0.0.0/24 - - -)"),
        ("eips", "address,target,datapath\n2.2.2.1,vm1,tc", "(Eip 2.2.2.1 vm1 - tc -)"),
        ("eips", "address,target,stateless\n2.2.2.1,vm1,stateless", "(Eip 2.2.2.1 vm1 - - stateless)"),
        ("eips", "vrf,target,address\nacme,10.0.0.1,2.2.2.1", "(Eip 2.2.2.1 10.0.0.1 acme - -)"),
        ("endpoints", "name,address,interface\na,10.0.0.1,x", "(Endpoint a [(address 10.0.0.1) (interface x)])"),
        (
            "endpoints",
            "name,address,address6,interface,mac\na,10.0.0.1,fd00::1,x,52:54:00:00:00:01",
            "(Endpoint a [(address 10.0.0.1 fd00::1) (interface x) (mac 52:54:00:00:00:01)])",
        ),
        ("neighbors", "address,interface,mac\n10.0.0.1,x,", "(Neighbor 10.0.0.1 x -)"),
        ("neighbors", "address,interface,mac\na,x,52:54:00:00:00:01", "(Neighbor a x 52:54:00:00:00:01)"),
        ("routes", "destination,via\ndefault,fw", "(Route - [(NextHop fw - -)] - - [])"),
        (
            "routes",
            "destination,via,interface,vrf,metric\n10.0.0.0/8,10.1.0.1,x,v,5",
            "(Route 10.0.0.0/8 [(NextHop 10.1.0.1 x -)] - - [(vrf v) (metric 5)])",
        ),
        ("routes", "destination,interface\n10.0.0.0/8,x", "(Route 10.0.0.0/8 [] x - [])"),
        (
            "forwards",
            "protocol,address,ports,target,target_ports,from,to\ntcp,2.2.2.1,80-81,vm1,90-91,a,b",
            "(Forward a b (Dnat [tcp] (Socket 2.2.2.1 80-81) (Socket vm1 90-91)))",
        ),
        (
            "forwards",
            "address,target,from,to\n2.2.2.1,vm1,a,b",
            "(Forward a b (Dnat [] (Socket 2.2.2.1 -) (Socket vm1 -)))",
        ),
    ],
)
def test_a_row_is_the_node_of_its_statement(kind: str, text: str, expected: str) -> None:
    file, errors = read(kind, text)
    assert errors == []
    assert [render(row) for row in file.statements] == [expected]
    for node in nodes(file.statements):
        if isinstance(node, tree.Name | tree.Address | tree.Mac):
            assert node.span.text == node.text


def test_empty_lines_comments_quotes_and_spaces() -> None:
    text = '\n# first\n"address" , target\n\n2.2.2.1,  vm1  \n  # more\n"2.2.2.2","a, b"\n'
    file, errors = read("eips", text)
    assert errors == []
    assert [render(row) for row in file.statements] == ["(Eip 2.2.2.1 vm1 - - -)", "(Eip 2.2.2.2 a, b - - -)"]
    assert [str(row.span) for row in file.statements] == ["t.csv:5", "t.csv:7"]


def test_windows_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "eips.csv").write_bytes("\ufeffaddress,target\r\n2.2.2.1,büro\r\n".encode())
    (tmp_path / "main.flow").write_text('eips from "eips.csv"')
    diagnostics = Diagnostics()
    (file,) = load([tmp_path / "main.flow"], diagnostics)
    assert (printed(diagnostics), [render(row) for row in expanded(file).statements]) == (
        [],
        ["(Eip 2.2.2.1 büro - - -)"],
    )


FIELD = st.text(st.sampled_from("ab1.:-_/# é"), max_size=6)


@given(st.lists(st.lists(st.tuples(FIELD, st.booleans()), min_size=2, max_size=2), max_size=6))
def test_fields_are_those_of_the_csv_module_and_know_their_place(records: list[list[tuple[str, bool]]]) -> None:
    written = [[f'"{text},"' if quoted else text for text, quoted in record] for record in records]
    text = "address,target\n" + "".join(",".join(record) + "\n" for record in written)
    table = Table(Source("t.csv", text), ("address", "target"), (), Diagnostics())
    found = list(table.records())
    assert table.broken == []
    lines = [line for line in text.splitlines()[1:] if line.strip() and not line.lstrip().startswith("#")]
    expected = [
        [field if "," in field else field.strip() for field in line]
        for line in csv.reader(lines, strict=True, skipinitialspace=True)
    ]
    assert [[cell.text for cell in record.cells] for record in found] == expected
    for record in found:
        assert record.span.text in lines
        assert all(cell.span.text == cell.text for cell in record.cells)


@given(st.text(st.sampled_from('a1.,"\n\r #;\t\x00é'), max_size=80), st.sampled_from(sorted(KINDS)))
def test_no_text_breaks_the_reader(text: str, kind: str) -> None:
    header = ",".join(KINDS[kind].required)
    for whole in (text, f"{header}\n{text}"):
        file, _ = read(kind, whole)
        for hole in file.broken:
            assert isinstance(hole, Span)


def test_a_file_of_errors_is_given_up() -> None:
    file, errors = read("eips", "address,target\n" + "x,y\n" * 500 + "2.2.2.1,vm1\n")
    assert len(errors) == MAX_ERRORS + 1
    assert "FC013 more than 100 errors" in errors[-1]
    assert (file.statements, file.incomplete) == ((), True)


def test_what_is_left_out_is_not_called_unknown(tmp_path: Path) -> None:
    (tmp_path / "vms.csv").write_text("name,address,interface\nvm1,10.0.0.x,vms\n")
    (tmp_path / "main.flow").write_text(
        f'{HOST}\nendpoints from "vms.csv"\nendpoints from "none.csv"\n'
        "eip 203.0.113.1 <-> vm1\nneighbor vm2 on vms managed"
    )
    found = [item.code.number for item in api.check_files([tmp_path / "main.flow"]).diagnostics]
    assert sorted(found) == ["FC024", "FC026"]


def test_unknown_names_get_suggestions_as_long_as_that_is_quick(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scope, "MOST_COMPARED", 50)
    (tmp_path / "eips.csv").write_text("address,target\n" + "".join(f"203.0.113.{n},vmx\n" for n in range(100)))
    (tmp_path / "main.flow").write_text(
        f'{HOST}\neips from "eips.csv"\nendpoint vm1 {{ address 10.0.0.1; interface vms }}'
    )
    found = [item for item in api.check_files([tmp_path / "main.flow"]).diagnostics if item.code.number == "FC101"]
    assert len(found) == 100
    assert 0 < sum(item.help == "did you mean `vm1`?" for item in found) < 10


def test_a_file_that_is_too_large_is_an_error_at_the_statement(tmp_path: Path) -> None:
    with (tmp_path / "eips.csv").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    (tmp_path / "main.flow").write_text('eips from "eips.csv"')
    diagnostics = Diagnostics()
    load([tmp_path / "main.flow"], diagnostics)
    assert [error.partition(": ")[2].partition(" | ")[0] for error in printed(diagnostics)] == [
        f"FC024 cannot read `{tmp_path / 'eips.csv'}`: it is larger than 64 MiB"
    ]


def test_a_table_is_taken_once_in_each_host(tmp_path: Path) -> None:
    (tmp_path / "eips.csv").write_text("address,target\n2.2.2.1,vm1\n")
    table = 'eips from "eips.csv"'
    (tmp_path / "more.flow").write_text(table)
    (tmp_path / "main.flow").write_text(
        f'host a {{ {table}; {table} }}\nhost b {{ include "more.flow" }}\n{table}\ninclude "more.flow"'
    )
    (file,) = load([tmp_path / "main.flow"], Diagnostics())
    assert [type(one).__name__ for one in file.statements] == ["Host", "Host", "Rows"]
    assert [len(one.body) for one in file.statements if isinstance(one, tree.Host)] == [1, 1]


FIELDS = ["", "vm1", "vms", "acme", "gre1", "4g", "a b", " vm2", '"vm3"', '"a, b"', "büro", "#x", "10.0.0.9", "10.0.0.1",
          "10.0.0.300", "203.0.113.7", "203.0.113.8", "fd00::9", "2001:db8:7::1", "52:54:00:00:00:01", "52-54-00-00-00-01",
          "52:54:00:00:00:AA", "default", "10.50.0.0/16", "5", "0x5", "99999999999", "x\u2003", "a->b", "udp", "gre", "0", "080",
          "90-99", "8000-8009", "99-90", "70000", "internet", "tenant", "self", "any"]  # fmt: skip


@st.composite
def tables(draw: st.DrawFn) -> tuple[str, str]:
    """A kind of table, and a file of that kind in which nearly anything can stand."""
    kind = draw(st.sampled_from(sorted(KINDS)))
    known = (*KINDS[kind].required, *KINDS[kind].optional)
    columns = [name for name in draw(st.permutations(known)) if name in KINDS[kind].required or draw(st.booleans())]
    good = {
        "name": "n",
        "address": "10.0.0.9",
        "interface": "vms",
        "target": "vm1",
        "destination": "default",
        "via": "vm1",
        "protocol": "tcp",
        "ports": "80",
        "from": "internet",
        "to": "tenant",
    }
    lines = [
        ",".join(good.get(name, "") if draw(st.integers(0, 3)) else draw(st.sampled_from(FIELDS)) for name in columns)
        + draw(st.sampled_from([""] * 9 + [","]))
        for _ in range(draw(st.integers(1, 6)))
    ]
    return kind, "\n".join([",".join(columns), *lines])


@settings(derandomize=True, max_examples=200, deadline=None)
@given(tables())
def test_plain_lines_are_what_they_are_field_by_field(made: tuple[str, str]) -> None:
    kind, text = made
    source, host = (
        Source("t.csv", text),
        parse(Source("t.flow", f"{HOST}endpoint vm1 {{ address 10.0.0.7; interface vms }}"), Diagnostics()),
    )
    outcomes = []
    for plain in (True, False):
        with pytest.MonkeyPatch.context() as patch:
            if not plain:
                patch.setattr("flowc.syntax.rows._Plain.take", lambda *_: False)
            diagnostics = Diagnostics()
            file = rows(kind, source, diagnostics)
        network = resolve([host, file], diagnostics)
        found = [
            list(getattr(network.hosts[0], name)) for name in ("endpoints", "eips", "neighbors", "routes", "forwards")
        ]
        outcomes.append((printed(diagnostics), expanded(file), found))
    assert outcomes[0] == outcomes[1]


def test_plain_port_forwards_need_no_node(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of a clean table goes the slow way."""
    text = (
        "protocol,address,ports,target,target_ports,from,to\n"
        "tcp,203.0.113.7,80,vm1,8080,internet,tenant\n"
        "udp,203.0.113.7,5000-5009,10.0.0.9,,internet,tenant\n"
        "tcp,2001:db8:7::1,443,fd00::9,,internet,tenant\n"
    )
    diagnostics = Diagnostics()
    host = parse(Source("t.flow", f"{HOST}endpoint vm1 {{ address 10.0.0.7; interface vms }}"), diagnostics)
    monkeypatch.setattr("flowc.syntax.tree.Rows.node", None)
    network = resolve([host, rows("forwards", Source("t.csv", text), diagnostics)], diagnostics)
    forwards = network.hosts[0].forwards
    assert printed(diagnostics) == []
    assert [[*forwards.column(name)][1:] for name in ("low", "high", "target_low", "vrf")] == [
        [80, 5000, 443],
        [80, 5009, 443],
        [8080, 5000, 443],
        ["acme"] * 3,
    ]


def test_rows_of_tables_are_named_in_the_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("eips.csv").write_text("# ours\naddress,target\n203.0.113.1,10.0.0.5\n")
    Path("main.flow").write_text(f'{HOST}\neips from "eips.csv"')
    (state,) = api.compile_files(["main.flow"]).states.values()
    assert "203.0.113.1 : 10.0.0.5,  # eips.csv:3\n" in api.render(state)["ruleset.nft"]


def mac(number: int) -> str:
    return f"52:54:00:00:00:{number:02x}"


MACHINES = st.lists(
    st.tuples(st.integers(2, 250), st.booleans(), st.booleans(), st.booleans(), st.sampled_from(["", "tcp", "udp"])),
    unique_by=lambda one: one[0],
    max_size=8,
)


@settings(deadline=None, max_examples=20)
@given(MACHINES)
def test_rows_mean_what_the_statements_mean(
    tmp_path_factory: pytest.TempPathFactory, machines: list[tuple[int, bool, bool, bool, str]]
) -> None:
    """The same output but for provenance, whatever is in the tables."""
    folder = tmp_path_factory.mktemp("tables")
    tables = {
        "endpoints": ["name,address,address6,interface,mac"],
        "eips": ["target,address,vrf"],
        "neighbors": ["address,interface,mac"],
        "routes": ["destination,via,interface,vrf,metric"],
        "forwards": ["protocol,address,ports,target,target_ports,from,to"],
    }
    written: list[str] = []
    forwards: list[str] = []
    port = count(1000)
    for n, dual, pinned, named, protocol in machines:
        six = f"fd00::{n:x}" if dual else ""
        tables["endpoints"].append(f"vm{n},10.0.0.{n},{six},vms,{mac(n) if pinned else ''}")
        addresses = f"10.0.0.{n}" + (f", {six}" if six else "")
        written.append(f"endpoint vm{n} {{ address {addresses}; interface vms{f'; mac {mac(n)}' if pinned else ''} }}")
        target, vrf = (f"vm{n}", "") if named else (f"10.0.0.{n}", "acme")
        tables["eips"].append(f"{target},203.0.113.{n},{vrf}")
        written.append(f"eip 203.0.113.{n} <-> {target}{f' vrf {vrf}' if vrf else ''}")
        tables["neighbors"].append(f"10.99.0.{n},lan,{mac(n) if named else ''}")
        written.append(f"neighbor 10.99.0.{n} on lan {mac(n) if named else 'managed'}")
        via, metric = (f"vm{n}", str(n)) if dual else (f"10.0.0.{n}", "")
        tables["routes"].append(f"172.16.{n}.0/24,{via},,acme,{metric}")
        written.append(f"route 172.16.{n}.0/24 via {via} vrf acme{f' metric {metric}' if metric else ''}")
        if protocol:
            first = next(port)
            tables["forwards"].append(f"{protocol},203.0.113.254,{first},vm{n},{n},internet,tenant")
            forwards.append(f"dnat {protocol} 203.0.113.254:{first} -> vm{n}:{n}")
    for kind, lines in tables.items():
        (folder / f"{kind}.csv").write_text("\n".join(lines))
    (folder / "csv.flow").write_text(HOST + "".join(f'{kind} from "{kind}.csv"\n' for kind in tables))
    block = "nat internet -> tenant { "
    (folder / "flow.flow").write_text(
        HOST.replace(block, block + "".join(f"{one}; " for one in forwards)) + "\n".join(written)
    )
    texts = []
    for name in ("csv.flow", "flow.flow"):
        result = api.compile_files([folder / name])
        assert not result.diagnostics.has_errors, render_text(result.diagnostics)
        (state,) = result.states.values()
        texts.append(api.render(state, provenance=False))
    assert texts[0] == texts[1]
