"""The forms that findings are printed in: what goes where, and what bad input comes to in each of them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import jsonschema
import pytest
from tests.quick.diagnostics.test_json_schema import validate
from tests.quick.diagnostics.test_render_sarif import VALIDATOR

from flowc.cli import main

Captured = pytest.CaptureFixture[str]
Bytes = pytest.CaptureFixture[bytes]
FORMATS = ("text", "json", "sarif", "github")
IGNORED = "interface lan { device eth0; address 10.0.0.1/24 } # flowc: ignore[FC202] the lab's link\n"
NOTED = """\
interface lan { device eth0; address 10.0.0.1/24 }
zone inside { interface lan }
policy inside -> self { accept tcp 22 }
let admins = 10.0.0.2
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gw.flow").write_text("zone inside { interface lna }\n", encoding="utf-8")
    return tmp_path


def valid(form: str, text: str) -> None:
    """Fail if this is not what the form promises."""
    match form:
        case "json":
            validate(json.loads(text))
        case "sarif":
            VALIDATOR.validate(json.loads(text))
        case "github":
            assert all(line.startswith(("::error ", "::warning ", "::notice ")) for line in text.splitlines())


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("form", FORMATS)
def test_check_prints_on_standard_output(form: str, capsys: Captured) -> None:
    assert main(["check", "--format", form, "gw.flow"]) == 1
    out, err = capsys.readouterr()
    valid(form, out)
    assert "unknown-name" in out
    assert err == ("gw.flow: 1 error\n" if form == "text" else "")


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("form", FORMATS)
def test_compile_prints_on_standard_error(form: str, capsys: Captured) -> None:
    assert main(["compile", "--format", form, "gw.flow", "--backend", "nft"]) == 1
    out, err = capsys.readouterr()
    assert not out
    assert "unknown-name" in err
    if form != "text":
        valid(form, err)


@pytest.mark.parametrize("form", FORMATS)
def test_several_files_are_one_document(form: str, here: Path, capsys: Captured) -> None:
    (here / "b.flow").write_text("zone outside { interface nal }\n", encoding="utf-8")
    assert main(["check", "--format", form, "gw.flow", "b.flow"]) == 1
    out, _ = capsys.readouterr()
    valid(form, out)
    assert "`lna` is not declared" in out
    assert "`nal` is not declared" in out


@pytest.mark.parametrize("form", FORMATS[1:])
def test_what_two_files_include_is_found_once(form: str, here: Path, capsys: Captured) -> None:
    for name in ("a.flow", "b.flow"):
        (here / name).write_text('include "gw.flow"\n', encoding="utf-8")
    assert main(["check", "--format", form, "a.flow", "b.flow"]) == 1
    assert capsys.readouterr().out.count("`lna` is not declared") == 1


@pytest.mark.parametrize("form", FORMATS)
def test_what_is_ignored_is_counted_and_suppressed(form: str, here: Path, capsys: Captured) -> None:
    (here / "gw.flow").write_text(IGNORED, encoding="utf-8")
    assert main(["check", "--format", form, "gw.flow"]) == 0
    out, err = capsys.readouterr()
    valid(form, out)
    match form:
        case "text":
            assert (out, err) == ("", "gw.flow: no findings (1 ignored)\n")
        case "github":
            assert (out, err) == ("", "")
        case "json":
            assert [one["reason"] for one in json.loads(out)["ignored"]] == ["the lab's link"]
        case "sarif":
            (result,) = json.loads(out)["runs"][0]["results"]
            assert result["suppressions"] == [{"kind": "inSource", "justification": "the lab's link"}]


@pytest.mark.parametrize(
    ("form", "without", "with_v"), [("text", 0, 1), ("json", 1, 1), ("sarif", 0, 1), ("github", 0, 1)]
)
def test_notes_are_for_those_who_ask_and_for_programs(
    form: str, without: int, with_v: int, here: Path, capsys: Captured
) -> None:
    (here / "gw.flow").write_text(NOTED, encoding="utf-8")
    for more, expected in (([], without), (["-v"], with_v)):
        assert main(["check", "--format", form, *more, "gw.flow"]) == 0
        assert ("unused-definition" in capsys.readouterr().out) == bool(expected)


def test_an_ignored_note_is_used_and_counted(here: Path, capsys: Captured) -> None:
    text = NOTED.replace("admins = 10.0.0.2", "admins = 10.0.0.2  # flowc: ignore[unused-definition] known")
    (here / "gw.flow").write_text(text, encoding="utf-8")
    for more in ([], ["-v"]):
        assert main(["check", *more, "gw.flow"]) == 0
        assert capsys.readouterr() == ("", "gw.flow: no findings (1 ignored)\n")


@pytest.mark.parametrize("form", FORMATS[1:])
def test_a_name_that_is_no_text_does_not_spoil_the_document(form: str, here: Path, capfdbinary: Bytes) -> None:
    name = os.fsdecode(b"g\xff\x1b[2J\xe2\x80\xaew.flow")
    (here / "gw.flow").rename(here / name)
    assert main(["check", "--format", form, name]) == 1
    out = capfdbinary.readouterr().out.decode()
    valid(form, out)
    assert not set("\x1b\u202e") & set(out)
    assert "\\ud" not in out
    if form == "json":
        assert json.loads(out)["diagnostics"][0]["file"] == "g\ufffd\x1b[2J\u202ew.flow"


# ---- bad input

FILES: dict[str, bytes] = {
    "latin1.flow": b"# caf\xe9\nzone a {}\n",
    "utf16.flow": "zone a {}\n".encode("utf-16"),
    "nul.flow": b"zone a\0b {}\n",
    "includes-missing.flow": b'include "missing.flow"\n',
    "includes-folder.flow": b'include "folder"\n',
    "includes-itself.flow": b'include "includes-itself.flow"\n',
    "round-a.flow": b'include "round-b.flow"\n',
    "round-b.flow": b'include "round-a.flow"\n',
    "includes-latin1.flow": b'include "latin1.flow"\n',
    "includes-endless.flow": b'include "/dev/zero"\n',
    "includes-nul.flow": b'include "a\0b"\n',
    "table-missing.flow": b'eips from "missing.csv"\n',
    "open-string.flow": b'zone "\n',
    "long-line.flow": b"x" * 1_000_000,
}
UNREADABLE = ("missing.flow", "folder", "dangling.flow", "", "a\n::error::b.flow")


@pytest.fixture
def bad(here: Path) -> Path:
    for name, content in FILES.items():
        (here / name).write_bytes(content)
    (here / "folder").mkdir()
    (here / "dangling.flow").symlink_to("nowhere.flow")
    return here


@pytest.mark.usefixtures("bad")
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", FILES)
def test_a_bad_file_is_a_located_error_in_every_format(name: str, form: str, capsys: Captured) -> None:
    assert main(["check", "--format", form, name]) == 1
    out, err = capsys.readouterr()
    valid(form, out)
    assert "error" in out
    assert "internal error" not in err
    if form == "text":
        assert "-->" in out


@pytest.mark.usefixtures("bad")
@pytest.mark.parametrize("command", [["check"], ["check", "--fix"], ["compile", "--backend", "nft"]])
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_is_two_and_one_line(name: str, form: str, command: list[str], capsys: Captured) -> None:
    assert main([*command, "--format", form, name]) == 2
    out, err = capsys.readouterr()
    assert not out
    assert err.startswith("flowc: cannot read ")
    assert len(err.splitlines()) == 1


@pytest.mark.usefixtures("here")
def test_a_file_without_permission_is_two(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    def forbidden(path: Path, *_: object) -> None:  # root may read everything
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", forbidden)
    assert main(["check", "gw.flow"]) == 2
    assert capsys.readouterr() == ("", "flowc: cannot read gw.flow: Permission denied\n")


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\n\n", b"# nothing"])
def test_an_empty_file_is_a_good_one(form: str, content: bytes, here: Path, capsys: Captured) -> None:
    (here / "gw.flow").write_bytes(content)
    assert main(["check", "--format", form, "gw.flow"]) == 0
    out, err = capsys.readouterr()
    valid(form, out)
    assert err == ("gw.flow: no findings\n" if form == "text" else "")


def test_a_file_may_be_called_like_a_command(here: Path, capsys: Captured) -> None:
    """In a workflow's log nothing but the annotations themselves begins with `::`."""
    name = "::error::\u001b[31m.flow"
    (here / name).write_text("zone inside { interface lna }\n", encoding="utf-8")
    assert main(["check", "--format", "github", name]) == 1
    out, err = capsys.readouterr()
    assert [line.split(" ")[0] for line in (out + err).splitlines()] == ["::error"]


def test_the_schemas_reject_something() -> None:
    for form in ("json", "sarif"):
        with pytest.raises(jsonschema.ValidationError):
            valid(form, "{}")
