"""What `flowc diff` prints for each of the cases: OLD and NEW stand beside it, as text and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from tests.golden import Golden
from tests.quick.docs.pages import REPO

from flowc.cli import main
from flowc.delta.document import VERSION

CASES = sorted(path for path in Path(__file__).with_name("cases").iterdir() if path.is_dir())
EXAMPLES = sorted((REPO / "examples").glob("*.flow"))
SCHEMA = json.loads((REPO / "docs" / "schemas" / f"delta-{VERSION}.schema.json").read_text(encoding="utf-8"))
SAME = ("nothing",)
"""Cases without a difference."""

Captured = pytest.CaptureFixture[str]


def closed(schema: object) -> object:
    """The same schema, with no place for keys that it does not name."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: closed(value) for key, value in schema.items()}
    return found | ({"additionalProperties": False} if "properties" in schema and "required" in schema else {})


VALIDATOR = jsonschema.Draft202012Validator(closed(SCHEMA))  # type: ignore[arg-type]


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_what_is_printed(case: Path, golden: Golden, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(case)
    assert main(["diff", "old.flow", "new.flow"]) == (0 if case.name in SAME else 1)
    out, err = capsys.readouterr()
    assert not err
    golden(case / "text.txt", out)
    assert max(map(len, out.splitlines())) <= 120


@pytest.mark.parametrize("case", [case for case in CASES if case.name in ("again", "hosts", "nothing", "tenant")])
def test_what_programs_get(case: Path, golden: Golden, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(case)
    main(["diff", "old.flow", "new.flow", "--format", "json"])
    golden(case / "document.json", capsys.readouterr().out)


@pytest.mark.parametrize("old", EXAMPLES, ids=lambda path: path.stem)
def test_documents_fit_the_schema_and_count_what_they_hold(old: Path, tmp_path: Path, capsys: Captured) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    for new in (EXAMPLES[EXAMPLES.index(old) - 1], tmp_path / "empty.flow"):
        (tmp_path / "empty.flow").touch()
        assert main(["diff", str(old), str(new), "--format", "json"]) == 1
        document = json.loads(capsys.readouterr().out)
        VALIDATOR.validate(document)
        for host in document["hosts"]:
            for count, action in (("created", "create"), ("deleted", "delete"), ("changed", "change")):
                assert host[count] == sum(one["action"] == action for one in host["changes"])
            assert all(bool(one["attributes"]) is (one["action"] == "change") for one in host["changes"])


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_a_file_and_itself_do_not_differ(example: Path, capsys: Captured) -> None:
    assert main(["diff", str(example), str(example)]) == 0
    assert all(line.endswith(": nothing changes") for line in capsys.readouterr().out.splitlines())


def test_one_side_may_be_standard_input(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    import io
    import sys

    case = next(one for one in CASES if one.name == "tenant")
    monkeypatch.chdir(case)
    printed = []
    for arguments in (["old.flow", "new.flow"], ["-", "new.flow"]):
        with (case / "old.flow").open("rb") as old:
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(old))
            assert main(["diff", *arguments]) == 1
        printed.append(capsys.readouterr().out)
    assert printed[1].replace("<stdin>:38", "old.flow:38") == printed[0].replace("  <", "<")
    assert main(["diff", "-", "-"]) == 2


def test_with_v_all_is_there_and_nothing_is_cut(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    for case in CASES:
        monkeypatch.chdir(case)
        main(["diff", "old.flow", "new.flow", "-v"])
        out = capsys.readouterr().out
        assert "more" not in out
        assert "..." not in out
        main(["diff", "old.flow", "new.flow", "--format", "json"])
        document = json.loads(capsys.readouterr().out)
        signs = {"create": "+", "delete": "-", "change": "~"}
        for action, sign in signs.items():
            said = sum(line.startswith(f"      {sign} ") for line in out.splitlines())
            assert said == sum(one["action"] == action for host in document["hosts"] for one in host["changes"])


def test_a_terminal_gets_colours_and_no_color_is_honoured(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.chdir(next(one for one in CASES if one.name == "again"))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    main(["diff", "old.flow", "new.flow"])
    out = capsys.readouterr().out
    assert "\x1b[31m- route" in out
    assert "\x1b[32m+ route" in out
    assert "\x1b[1;33m~ vrf red" in out
    monkeypatch.setenv("NO_COLOR", "1")
    main(["diff", "old.flow", "new.flow"])
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize("format_", ["text", "json"])
def test_a_file_with_errors_is_not_compared(format_: str, tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "gw.flow").write_text("zone a { interface b }\n")
    assert main(["diff", str(EXAMPLES[0]), str(tmp_path / "gw.flow"), "--format", format_]) == 2
    out, err = capsys.readouterr()
    assert not out
    assert "gw.flow:1:" in err
    assert "nothing was compared" in err
    assert main(["diff", str(EXAMPLES[0]), str(tmp_path / "nowhere.flow")]) == 2


def test_the_only_host_of_each_file_is_the_same_one(
    tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("old", "new"):
        Path(f"{name}.flow").write_text(f"host {name} {{ interface lan {{ device eth1; address 10.0.0.1/24 }} }}\n")
    assert main(["diff", "old.flow", "new.flow"]) == 0
    assert capsys.readouterr().out == "host new (old in the old file): nothing changes\n"


def test_a_statement_that_moves_to_another_file_is_no_difference(
    tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lan, zone = "interface lan { device eth1; address 10.0.0.1/24 }\n", "zone inside { interface lan }\n"
    Path("old.flow").write_text(lan + zone)
    Path("part.flow").write_text("\n" + lan)
    Path("new.flow").write_text('include "part.flow"\n' + zone)
    assert main(["diff", "old.flow", "new.flow"]) == 0
    Path("part.flow").write_text("\n" + lan.replace("0.1/24", "0.2/24"))
    capsys.readouterr()
    assert main(["diff", "old.flow", "new.flow"]) == 1
    out = capsys.readouterr().out
    assert "~ interface lan { device eth1; address 10.0.0.2/24 }  part.flow:2\n" in out
