"""`flowc down`: shown first, undone if nobody confirms it, and then done."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.packets.kerneldump import dump
from tests.packets.lab import Lab

from flowc.cli import main

FILE = """
host gw { }
interface wan { device eth0; address 192.0.2.2/24 }
interface pair { veth far; address 10.8.0.1/24 }
endpoint peer { address 192.0.2.1; interface wan; mac 02:00:00:00:00:01 }
route default via peer
zone inside { interface pair }
zone outside { interface wan }
policy inside -> outside { accept }
"""


def test_a_removal_is_shown_and_can_be_undone(
    lab: Lab, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLOWC_RUN_DIR", str(tmp_path / "run"))
    (gw,) = lab.namespaces("gw")
    gw.ip("link add eth0 type veth peer name far0", "link set eth0 up", "link set far0 up")
    file = tmp_path / "gw.flow"
    file.write_text(FILE)
    here = ["--netns", gw.name]

    def flowc(*words: str) -> str:
        assert main([*words, *here]) == 0, capsys.readouterr().err
        return capsys.readouterr().out

    before = dump(gw)
    flowc("apply", str(file))
    told = flowc("down", "--dry-run")
    assert "  delete       address 192.0.2.2/24 dev eth0" in told
    assert f"host {os.uname().nodename.partition('.')[0]}" in told
    assert flowc("diff", "--live", str(file)) == "host gw: nothing changes\n"

    flowc("down", "--confirm", "60s")
    assert dump(gw) == before
    assert main(["apply", str(file), *here]) == 2
    assert "the removal waits to be confirmed" in capsys.readouterr().err
    flowc("rollback")
    assert flowc("diff", "--live", str(file)) == "host gw: nothing changes\n"

    flowc("down", "--wait", "5s")
    assert dump(gw) == before


def test_a_device_that_is_gone_keeps_nobody_from_taking_it_out(
    lab: Lab, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was brought up, so that more is noted of it than its settings; then the virtual machine has ended."""
    monkeypatch.setenv("FLOWC_RUN_DIR", str(tmp_path / "run"))
    (gw,) = lab.namespaces("gw")
    gw.ip("link add eth0 type veth peer name far0", "link add tap1 type veth peer name vm1")
    file, less = tmp_path / "gw.flow", tmp_path / "less.flow"
    less.write_text(FILE)
    file.write_text(
        f"{FILE.replace('{ interface pair }', '{ interface pair, vm }')}interface vm {{ device tap1; address 10.1.0.1/24 }}\n"
    )
    here = ["--netns", gw.name]
    for then in (["apply", str(less)], ["down"]):
        assert main(["apply", str(file), *here]) == 0
        gw.ip("link del tap1")
        assert main([*then, *here]) == 0, capsys.readouterr().err
        gw.ip("link add tap1 type veth peer name vm1")
    folder = next((tmp_path / "run").iterdir())
    assert not (folder / "journal.json").exists()


def test_that_a_host_forwards_on_is_told(
    lab: Lab, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLOWC_RUN_DIR", str(tmp_path / "run"))
    (gw,) = lab.namespaces("gw")
    gw.ip("link add eth0 type veth peer name far0")
    file, here = tmp_path / "gw.flow", ["--netns", gw.name]
    file.write_text(FILE)
    for is_kept in (True, False):
        gw.run("sysctl", "-qw", "net.ipv4.ip_forward=0")
        assert main(["apply", str(file), *here]) == 0
        if not is_kept:
            next((tmp_path / "run").glob("*/journal.json")).unlink()
        capsys.readouterr()
        assert main(["down", *here]) == 0
        assert ("this host still forwards" in capsys.readouterr().err) is not is_kept
