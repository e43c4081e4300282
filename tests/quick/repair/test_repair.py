"""Repaired files: the finding is gone, nothing else has changed, and a second run changes nothing."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowc.api import check_files
from flowc.diagnostics import Code, Diagnostic, Edit, Fix, Label, Severity
from flowc.repair import Repaired, choose, edited, repair
from flowc.source import Source

BASE = """\
interface lan { device eth0; address 10.0.0.1/24 }
interface wan { device eth1; address 192.0.2.1/24 }
zone inside { interface lan }
zone outside { interface wan }
policy inside -> self { accept tcp 22 }
"""

REPAIRS = [
    ("FC001", "policy inside => outside { accept tcp 80 }", "policy inside -> outside { accept tcp 80 }"),
    (
        "FC001",
        "pool p 192.0.2.8/29 at outside\neip 192.0.2.9 -> 10.0.0.5",
        "pool p 192.0.2.8/29 at outside\neip 192.0.2.9 <-> 10.0.0.5",
    ),
    ("FC002", "policy inside -> outside { Accept tcp 80 }", "policy inside -> outside { accept tcp 80 }"),
    ("FC002", "policy inside -> outside { accept TCP 80 }", "policy inside -> outside { accept tcp 80 }"),
    (
        "FC010",
        'interface 4g { vlan 5 on lan }\nzone x { interface "4g" }',
        'interface "4g" { vlan 5 on lan }\nzone x { interface "4g" }',
    ),
    (
        "FC011",
        "policy inside -> outside { accept tcp 80, 443 log }",
        "policy inside -> outside { accept tcp {80, 443} log }",
    ),
    ("FC011", "policy inside -> outside { accept tcp 80:90 }", "policy inside -> outside { accept tcp 80-90 }"),
    ("FC011", "neighbor 10.0.0.5 on lan 52-54-00-00-00-01", "neighbor 10.0.0.5 on lan 52:54:00:00:00:01"),
    ("FC033", "let x = 10.0.0.0/8 # flowc: ignore[FC202] why", "let x = 10.0.0.0/8"),
    ("FC102", "let x = 10.0.0.0/8\nlet x = 10.0.0.0/8", "let x = 10.0.0.0/8"),
    ("FC105", "vrf v { table 1000; table 1000 }", "vrf v { table 1000 }"),
    ("FC105", "policy inside -> outside { accept tcp 80 log log }", "policy inside -> outside { accept tcp 80 log }"),
    (
        "FC105",
        "interface x { vlan 5 on lan; address 10.5.0.1/24, 10.5.0.1/24 }\nzone z { interface x }",
        "interface x { vlan 5 on lan; address 10.5.0.1/24 }\nzone z { interface x }",
    ),
    ("FC109", "route 10.9.1.0/16 via 10.0.0.7", "route 10.9.0.0/16 via 10.0.0.7"),
    ("FC109", "pool p 192.0.2.9/29 at outside", "pool p 192.0.2.8/29 at outside"),
    (
        "FC301",
        "pool p 192.0.2.8/29 at outside\neip 192.0.2.9 <-> 10.0.0.5\neip 192.0.2.9  <-> 10.0.0.5",
        "pool p 192.0.2.8/29 at outside\neip 192.0.2.9 <-> 10.0.0.5",
    ),
    (
        "FC405",
        "tunnel t { type gre; local 192.0.2.1; remote 192.0.2.2; mtu 65535 }\nzone z { interface t }",
        "tunnel t { type gre; local 192.0.2.1; remote 192.0.2.2; mtu 65511 }\nzone z { interface t }",
    ),
    ("FC504", "route 10.9.0.0/16 via 10.0.0.7\nroute 10.9.0.0/16 via 10.0.0.7", "route 10.9.0.0/16 via 10.0.0.7"),
    (
        "FC601",
        "neighbor 10.0.0.5 on lan managed\nneighbor 10.0.0.5 on lan managed  # the printer",
        "neighbor 10.0.0.5 on lan managed\n# the printer",
    ),
]

NO_REPAIRS = [
    ("FC002", "policy inside -> outside { acept tcp 80 }"),
    ("FC001", "policy inside <- outside { accept tcp 80 }"),
    ("FC001", "policy inside <-> outside { accept tcp 80 }"),
    ("FC011", "nat outside -> inside { dnat tcp 192.0.2.1:80 -> 2001:db8::1:12865 }"),
    ("FC102", "let x = 10.0.0.0/8\nlet x = 10.0.0.0/9"),
    ("FC102", 'test "a" { tcp 10.0.0.1:1 -> 10.0.0.2:2 from inside; expect accept }\nzone inside { }'),
    ("FC105", "vrf v { table 1000; table 1001 }"),
    ("FC109", "policy inside -> outside { accept from 10.0.0.5/24 }"),
    ("FC405", "interface x { vlan 5 on lan; mtu 9000 }\nzone z { interface x }"),
    ("FC504", "route 10.9.0.0/16 via 10.0.0.7\nroute 10.9.0.0/16 via 10.0.0.8"),
    ("FC601", "neighbor 10.0.0.5 on lan managed\nneighbor 10.0.0.5 on lan 52:54:00:00:00:01"),
]


def codes(file: Path) -> list[str]:
    return [item.code.number for item in check_files([file]).diagnostics if item.severity > Severity.NOTE]


def repaired(file: Path) -> Repaired:
    return repair(check_files([file]).diagnostics)


@pytest.mark.parametrize(("code", "before", "after"), REPAIRS, ids=lambda value: value[:5])
def test_the_finding_is_gone_and_nothing_else_changes(code: str, before: str, after: str, tmp_path: Path) -> None:
    file = tmp_path / "gw.flow"
    file.write_text(f"{BASE}{before}\n", encoding="utf-8")
    assert code in codes(file)
    assert repaired(file).count > 0
    assert file.read_text(encoding="utf-8") == f"{BASE}{after}\n"
    assert code not in codes(file)
    assert not check_files([file]).diagnostics.has_errors
    assert repaired(file) == Repaired(0, (), ())


@pytest.mark.parametrize(("code", "text"), NO_REPAIRS, ids=lambda value: value[:5])
def test_what_may_be_meant_otherwise_is_left_to_a_person(code: str, text: str, tmp_path: Path) -> None:
    file = tmp_path / "gw.flow"
    file.write_text(f"{BASE}{text}\n", encoding="utf-8")
    assert code in codes(file)
    assert repaired(file) == Repaired(0, (), ())
    assert file.read_text(encoding="utf-8") == f"{BASE}{text}\n"


# ---- files

BROKEN = "policy inside => outside { accept tcp 80 }\n"
WHOLE = "policy inside -> outside { accept tcp 80 }\n"


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
def test_line_ends_marks_and_modes_stay(mark: bytes, line_end: bytes, tmp_path: Path) -> None:
    file = tmp_path / "gw.flow"
    text = f"# \u00e4 \U0001f600\n{BASE}{BROKEN}# end"
    file.write_bytes(mark + text.encode().replace(b"\n", line_end))
    file.chmod(0o640)
    assert repaired(file) == Repaired(1, (str(file),), ())
    assert file.read_bytes() == mark + text.replace("=>", "->").encode().replace(b"\n", line_end)
    assert file.stat().st_mode & 0o777 == 0o640
    assert [one.name for one in tmp_path.iterdir()] == ["gw.flow"]


def test_a_line_that_is_added_ends_as_the_others_do() -> None:
    source = Source("gw.flow", "a\nb\n", Path("gw.flow"))
    assert edited(b"a\r\nb\r\n", [Edit(source.span(1, 1), "\nx"), Edit(source.span(2, 4), "")]) == b"a\r\nx\r\n"


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    real = tmp_path / "real.flow"
    real.write_text(BASE + BROKEN, encoding="utf-8")
    file = tmp_path / "gw.flow"
    file.symlink_to(real)
    assert repaired(file).count == 1
    assert file.is_symlink()
    assert real.read_text(encoding="utf-8") == BASE + WHOLE


def test_included_files_are_repaired_too_and_once(tmp_path: Path) -> None:
    """Each of two files includes it, one by another way."""
    common = tmp_path / "common.flow"
    common.write_text(BASE + BROKEN, encoding="utf-8")
    (tmp_path / "sub").mkdir()
    for name, path in (("a.flow", "common.flow"), ("b.flow", "sub/../common.flow")):
        (tmp_path / name).write_text(f'include "{path}"\n', encoding="utf-8")
    found = [item for name in ("a.flow", "b.flow") for item in check_files([tmp_path / name]).diagnostics]
    assert repair(found).count == 1
    assert common.read_text(encoding="utf-8") == BASE + WHOLE


def test_a_row_of_a_table_is_repaired(tmp_path: Path) -> None:
    (tmp_path / "gw.flow").write_text(f'{BASE}neighbors from "n.csv"\n', encoding="utf-8")
    rows = "address,interface,mac\n10.0.0.5,lan,52:54:00:00:00:01\n"
    row = "10.0.0.6,lan,52:54:00:00:00:02\n"
    (tmp_path / "n.csv").write_text(rows + row + row, encoding="utf-8")
    assert repaired(tmp_path / "gw.flow").count == 1
    assert (tmp_path / "n.csv").read_text(encoding="utf-8") == rows + row
    assert codes(tmp_path / "gw.flow") == []


def test_rows_of_two_tables_are_not_called_the_same(tmp_path: Path) -> None:
    """What stands in which column is each file's matter."""
    (tmp_path / "gw.flow").write_text(f'{BASE}neighbors from "a.csv"\nneighbors from "b.csv"\n', encoding="utf-8")
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("address,interface\n10.0.0.5,lan\n", encoding="utf-8")
    assert set(codes(tmp_path / "gw.flow")) == {"FC601"}
    assert repaired(tmp_path / "gw.flow") == Repaired(0, (), ())


@pytest.mark.parametrize("later", ["# mine\n" + BASE + BROKEN, "", None])
def test_a_file_that_changed_meanwhile_is_left_alone(later: str | None, tmp_path: Path) -> None:
    file = tmp_path / "gw.flow"
    file.write_text(BASE + BROKEN, encoding="utf-8")
    found = check_files([file]).diagnostics
    if later is None:
        file.unlink()
    else:
        file.write_text(later, encoding="utf-8")
    assert repair(found) == Repaired(0, (), (str(file),))
    assert not file.exists() if later is None else file.read_text(encoding="utf-8") == later


def test_a_file_that_cannot_be_written_stays_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "gw.flow"
    file.write_text(BASE + BROKEN, encoding="utf-8")
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write everywhere
    with pytest.raises(PermissionError):
        repaired(file)
    assert file.read_text(encoding="utf-8") == BASE + BROKEN


def test_a_failure_leaves_no_other_file_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    file = tmp_path / "gw.flow"
    file.write_text(BASE + BROKEN, encoding="utf-8")
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space"):
        repaired(file)
    assert [one.name for one in tmp_path.iterdir()] == ["gw.flow"]
    assert file.read_text(encoding="utf-8") == BASE + BROKEN


def test_standard_input_is_no_file(tmp_path: Path) -> None:
    source = Source("<stdin>", BASE)
    code = Code("FC999", "some-error", Severity.ERROR, "")
    finding = Diagnostic(code, "m", Label(source.span(0, 1)), fix=Fix("t", (Edit(source.span(0, 1), "x"),)))
    assert repair([finding]) == Repaired(0, (), ())
    assert list(tmp_path.iterdir()) == []


# ---- edits that meet

TEXT = "0123456789"


@st.composite
def fixes(draw: st.DrawFn) -> list[Fix]:
    source = Source("gw.flow", TEXT, Path("/gw.flow"))
    ends = st.lists(st.integers(0, len(TEXT)), min_size=2, max_size=2).map(sorted)
    made = []
    for index in range(draw(st.integers(0, 6))):
        places = draw(st.lists(ends, min_size=1, max_size=2))
        apart = len(places) == 1 or places[0][1] < places[1][0]
        chosen = places if apart else places[:1]
        made.append(Fix("t", tuple(Edit(source.span(*place), f"<{index}>") for place in chosen)))
    return made


def by_hand(edits: Sequence[Edit]) -> str:
    """From the end to the start, so that no place moves."""
    text = TEXT
    for edit in sorted(edits, key=lambda one: one.span[1:], reverse=True):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text


@given(fixes())
def test_a_fix_is_made_whole_or_not_at_all_and_the_first_always(made: list[Fix]) -> None:
    chosen, count = choose(made)
    edits = [edit for of_file in chosen.values() for edit in of_file]
    whole = [fix for fix in made if all(edit in edits for edit in fix.edits)]
    assert len(whole) == count
    assert sum(len(fix.edits) for fix in whole) == len(edits)
    assert not made or made[0] in whole
    assert edited(TEXT.encode(), edits).decode() == by_hand(edits)
    kept = [char for index, char in enumerate(TEXT) if not any(e.span.start <= index < e.span.end for e in edits)]
    assert _unmarked(by_hand(edits)) == "".join(kept)


def _unmarked(text: str) -> str:
    """What was there before: an edit's text is `<N>`."""
    while "<" in text:
        head, _, rest = text.partition("<")
        text = head + rest.partition(">")[2]
    return text
