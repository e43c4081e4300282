"""flowc as a library."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from flowc.api import UnknownHostError, check_files, compile_files, render, write_directory

GOOD = "interface lan { device eth0; address 10.0.0.1/24 }\nzone inside { interface lan }\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "good.flow"
    path.write_text("host gw1 { kernel 6.1 }\nhost gw2 { kernel 6.1 }\n" + GOOD)
    return path


def test_checking_gives_the_network(file: Path) -> None:
    result = check_files([file])
    assert not result.diagnostics.has_errors
    assert [host.name for host in result.network.hosts] == ["gw1", "gw2"]


def test_compiling_gives_a_state_for_each_host(file: Path) -> None:
    assert list(compile_files([file]).states) == ["gw1", "gw2"]
    assert list(compile_files([file], host="gw2").states) == ["gw2"]


def test_an_unknown_host_is_told_with_those_there_are(file: Path) -> None:
    with pytest.raises(UnknownHostError) as caught:
        compile_files([file], host="gw3")
    assert caught.value.hosts == ("gw1", "gw2")


def test_nothing_is_lowered_after_an_error(file: Path) -> None:
    file.write_text(file.read_text() + "zone outside { interface wan }\n")
    result = compile_files([file], host="gw1")
    assert result.diagnostics.has_errors
    assert not result.states


def test_a_file_that_cannot_be_read_is_an_oserror(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"cannot read .*missing\.flow: No such file"):
        check_files([tmp_path / "missing.flow"])


def test_rendering_gives_the_text_of_every_file(file: Path, tmp_path: Path) -> None:
    states = compile_files([file]).states
    texts = render(states["gw1"])
    assert set(texts) == {"announce.pl", "apply.sh", "ip.batch", "ruleset.nft", "sysctl.conf", "tc.batch"}
    assert all(text.endswith("\n") for text in texts.values())
    written = write_directory(states, tmp_path / "build")
    assert {path.relative_to(tmp_path / "build").parts[0] for path, _ in written} == {"gw1", "gw2"}
    assert all(changed for _, changed in written)
    for name, text in texts.items():
        assert (tmp_path / "build" / "gw1" / name).read_text() == text


@pytest.mark.parametrize("enabled", [True, False])
def test_garbage_collection_is_left_as_it_was(file: Path, *, enabled: bool) -> None:
    was = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        compile_files([file])
        assert gc.isenabled() == enabled
        with pytest.raises(UnknownHostError):
            compile_files([file], host="nobody")
        assert gc.isenabled() == enabled
    finally:
        (gc.enable if was else gc.disable)()
