"""What a look at a host tells beside what differs. By the kernel of this machine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.quick.live.namespaces import Network

from flowc.cli import main

FILE = """
host gw { }
interface a { device v0; veth v1; address 192.0.2.2/24 }
zone outside { interface a }
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    (tmp_path / "gw.flow").write_text(FILE)
    return str(tmp_path / "gw.flow")


def test_a_change_that_waits_to_be_confirmed_is_told_by_whoever_looks(
    net: Network, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def printed(*words: str) -> str:
        capsys.readouterr()
        main([*words, "--netns", net.name])
        return capsys.readouterr().out

    waits = f"the change of {file} waits to be confirmed until "
    try:
        main(["apply", file, "--netns", net.name, "--confirm", "60s"])
        for command in (
            ["diff", "--live", file],
            ["apply", "--dry-run", file],
            ["down", "--dry-run"],
            ["verify", file],
        ):
            assert printed(*command).count(waits) == 1
        for command in (["diff", "--live", file], ["verify", file]):
            (note,) = json.loads(printed(*command, "--format", "json"))["notes"]
            assert note.startswith(waits)
    finally:
        main(["confirm", "--netns", net.name])
    assert waits not in printed("diff", "--live", file)
    assert json.loads(printed("diff", "--live", file, "--format", "json"))["notes"] == []
