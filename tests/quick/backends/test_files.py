"""The folder that `flowc compile -o` writes."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowc.backends.files import host_folder, write_if_changed


def test_a_plain_name_is_the_folders_name() -> None:
    assert host_folder("gw-1.example.net") == "gw-1.example.net"


@pytest.mark.parametrize("host", ["..", ".", "../../etc", "/etc", "a/b", "a\0b", "", "x" * 300, "\u00e9\u4e2d" * 60])
def test_no_name_leaves_the_folder(host: str, tmp_path: Path) -> None:
    folder = tmp_path / host_folder(host)
    folder.mkdir()
    assert folder.resolve().parent == tmp_path.resolve()
    assert len(list(tmp_path.iterdir())) == 1


@given(st.text(max_size=20), st.text(max_size=20))
def test_two_hosts_never_share_a_folder(one: str, other: str) -> None:
    assert (host_folder(one) == host_folder(other)) == (one == other)


@given(st.text(min_size=60, max_size=200), st.text(min_size=60, max_size=200))
def test_long_names_stay_apart(one: str, other: str) -> None:
    assert (host_folder(one) == host_folder(other)) == (one == other)
    assert len(host_folder(one).encode()) <= 255


def test_a_file_is_written_once(tmp_path: Path) -> None:
    path = tmp_path / "gw1" / "ip.batch"
    assert write_if_changed(path, "link\n").changed
    inode = path.stat().st_ino
    assert not write_if_changed(path, "link\n").changed
    assert path.stat().st_ino == inode
    assert write_if_changed(path, "other\n").changed
    assert path.read_text() == "other\n"
    assert [file.name for file in path.parent.iterdir()] == ["ip.batch"]


def test_a_mode_that_was_lost_is_given_back(tmp_path: Path) -> None:
    path = tmp_path / "apply.sh"
    write_if_changed(path, "#!/bin/sh\n", executable=True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o755
    path.chmod(0o644)
    assert write_if_changed(path, "#!/bin/sh\n", executable=True).changed
    assert stat.S_IMODE(path.stat().st_mode) == 0o755


def test_what_cannot_be_replaced_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "ip.batch"
    (path / "in-the-way").mkdir(parents=True)
    with pytest.raises(OSError, match="directory"):
        write_if_changed(path, "link\n")
    assert [file.name for file in tmp_path.iterdir()] == ["ip.batch"]
