"""`flowc facts`, and `--facts` of the other commands: whose they are, and what is no facts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flowc.cli import main
from flowc.facts import read_facts

Captured = pytest.CaptureFixture[str]

FILE = """\
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { interface lan }
policy inside -> self { accept tcp 22 }
"""
WITH_ETH0 = '{"version": 1, "hostname": "%s", "links": [{"name": "eth0"}]}'
WITH_ETH1 = '{"version": 1, "hostname": "%s", "links": [{"name": "eth1"}]}'


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files of one host and of two, and facts of hosts with and without the device."""
    (tmp_path / "one.flow").write_text(FILE)
    (tmp_path / "two.flow").write_text("host gw1 { }\nhost gw2 { }\n" + FILE)
    for name in ("gw1", "gw2"):
        (tmp_path / f"{name}.flow").write_text(f"host {name} {{ }}\n" + FILE)
    (tmp_path / "with.json").write_text(WITH_ETH1 % "gw1")
    (tmp_path / "without.json").write_text(WITH_ETH0 % "gw1.example.net")
    (tmp_path / "other.json").write_text(WITH_ETH0 % "elsewhere")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def found(out: str) -> int:
    return out.count("error[FC811 device-missing]")


# ---- writing them


def test_this_host_is_printed_as_a_document(capsys: Captured) -> None:
    assert main(["facts"]) == 0
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert document["version"] == 1
    assert "lo" in {link["name"] for link in document["links"]}
    assert len(err.splitlines()) == len(document.get("missing", []))
    assert all(line.startswith("left out ") for line in err.splitlines())


def test_it_can_go_into_a_file(here: Path, capsys: Captured) -> None:
    assert main(["facts", "-q", "-o", "here.json"]) == 0
    assert capsys.readouterr() == ("", "")
    assert read_facts(here / "here.json").links


def test_a_hyphen_is_standard_output(here: Path, capsys: Captured) -> None:
    assert main(["facts", "-q", "-o", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["version"] == 1
    assert not (here / "-").exists()


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--netns", "nowhere"], "flowc: cannot open network namespace nowhere: No such file or directory\n"),
        (["-o", "with.json/facts.json"], "flowc: cannot write with.json/facts.json: Not a directory\n"),
        (["-o", "none/facts.json"], "flowc: cannot write none/facts.json: No such file or directory\n"),
        (["-o", "/dev/full"], "flowc: cannot write /dev/full: No space left on device\n"),
        (["-o", ""], "flowc: cannot write the file with no name: No such file or directory\n"),
        (["-o", "."], "flowc: cannot write .: Is a directory\n"),
    ],
)
def test_what_cannot_be_read_or_written_is_two(arguments: list[str], message: str, capsys: Captured) -> None:
    assert main(["facts", *arguments]) == 2
    assert capsys.readouterr().err == message


# ---- whose they are


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        (["one.flow"], 0),
        (["one.flow", "--facts", "with.json"], 0),
        (["one.flow", "--facts", "other.json"], 1),  # the only host, whatever it is called
        (["two.flow", "--facts", "without.json"], 1),  # the host of that name, with or without a domain
        (["two.flow", "--facts", "gw2=other.json"], 1),
        (["two.flow", "--facts", "gw1=with.json", "--facts", "gw2=other.json"], 1),
        (["two.flow", "--facts", "gw1=other.json", "--facts", "gw2=other.json"], 2),
        (["gw1.flow", "gw2.flow", "--facts", "without.json"], 1),  # of several files, that of the host of the name
        (["gw1.flow", "gw2.flow", "--facts", "gw1=with.json", "--facts", "gw2=other.json"], 1),
    ],
)
def test_facts_are_those_of_the_host_meant(arguments: list[str], count: int, capsys: Captured) -> None:
    assert main(["check", *arguments]) == (1 if count else 0)
    assert found(capsys.readouterr().out) == count


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["two.flow", "--facts", "other.json"],
            "other.json: no host is called elsewhere; the hosts are: gw1, gw2; --facts HOST=other.json says which",
        ),
        (
            ["one.flow", "--facts", "gw7=with.json"],
            "with.json: no host is called gw7; the hosts are: localhost; --facts HOST=with.json says which",
        ),
        (["gw1.flow", "--facts", "gw1=with.json", "--facts", "with.json"], "two facts for host gw1: with.json and with.json"),
        (["one.flow", "--facts", "none.json"], "cannot read none.json: No such file or directory"),
        (["one.flow", "--facts", ""], "--facts takes [HOST=]FILE: `` names no file"),
        (["one.flow", "--facts", "=with.json"], "--facts takes [HOST=]FILE: `=with.json` names no host"),
        (["one.flow", "--facts", "vm="], "--facts takes [HOST=]FILE: `vm=` names no file"),
        (["one.flow", "--facts", "/dev/zero"], "cannot read /dev/zero: it is larger than 64 MiB"),
        (["one.flow", "--facts", "one.flow"], "one.flow:1:1: not JSON: expecting value"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("command", ["check", "compile"])
def test_facts_of_nobody_and_what_is_none_are_two(
    command: str, arguments: list[str], message: str, capsys: Captured
) -> None:
    more = ["-o", "build"] if command == "compile" else []
    assert main([command, *arguments, *more]) == 2
    assert capsys.readouterr() == ("", f"flowc: {message}\n")


def test_facts_of_another_version_are_two(here: Path, capsys: Captured) -> None:
    (here / "new.json").write_text('{"version": 2}')
    assert main(["check", "one.flow", "--facts", "new.json"]) == 2
    message = "new.json: version: these are facts of version 2, this flowc reads 1"
    assert capsys.readouterr() == ("", f"flowc: {message}\n")


def test_a_path_may_hold_an_equals_sign(here: Path, capsys: Captured) -> None:
    (here / "a=b.json").write_text(WITH_ETH0 % "gw1")
    assert main(["check", "one.flow", "--facts", "./a=b.json"]) == 1
    assert found(capsys.readouterr().out) == 1


# ---- what they do


def test_what_does_not_fit_the_host_is_not_compiled(here: Path, capsys: Captured) -> None:
    assert main(["compile", "one.flow", "-o", "build", "--facts", "other.json"]) == 1
    out, err = capsys.readouterr()
    assert (out, found(err)) == ("", 1)
    assert not (here / "build").exists()
    assert main(["compile", "one.flow", "-q", "-o", "build", "--facts", "with.json"]) == 0
    assert (here / "build").exists()


def test_a_finding_says_of_whom_and_when_the_facts_are(here: Path, capsys: Captured) -> None:
    text = '{"version": 1, "hostname": "gw1", "taken": "2026-01-02T03:04:05+01:00", "links": []}'
    (here / "dated.json").write_text(text)
    assert main(["check", "one.flow", "--facts", "dated.json"]) == 1
    assert "= note: by the facts of gw1, taken 2026-01-02 02:04 UTC" in capsys.readouterr().out
    assert main(["check", "two.flow", "--facts", "gw2=other.json"]) == 1
    assert "= note: on host gw2, by the facts of elsewhere\n" in capsys.readouterr().out
