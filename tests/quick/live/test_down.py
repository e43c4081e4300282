"""What `flowc down` leaves. By the kernel of this machine."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.quick.live.namespaces import Network

from flowc.cli import main


def test_a_table_without_anything_of_flowc_goes_as_well(
    net: Network, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The kernel's table is flowc's by its name."""
    file = tmp_path / "gw.flow"
    file.write_text("interface a { device v0; veth v1 }\nzone outside { interface a }\n")
    assert main(["apply", str(file), "--netns", net.name]) == 0
    net.run("nft", "delete table inet flowc; add table inet flowc")
    assert main(["down", "--netns", net.name]) == 0
    assert net.run("nft", "list", "ruleset") == ""
    assert "table inet flowc was there without anything of flowc" in capsys.readouterr().err
    assert main(["down", "--netns", net.name]) == 0
    assert not capsys.readouterr().err
