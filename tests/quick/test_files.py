"""Files that a person names to be written, of all the kinds there are."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from flowc.files import write


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    before = os.umask(0o027)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_file_has_what_the_umask_leaves(tmp_path: Path) -> None:
    path = tmp_path / "new"
    write(str(path), b"text")
    assert (path.read_bytes(), mode(path)) == (b"text", 0o640)
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_keeps_its_mode_and_is_replaced_at_once(tmp_path: Path) -> None:
    path = tmp_path / "old"
    path.write_text("before")
    path.chmod(0o600)
    with path.open() as reader:
        write(str(path), b"after")
        assert reader.read() == "before"
    assert (path.read_bytes(), mode(path)) == (b"after", 0o600)


@pytest.mark.parametrize("dangling", [False, True])
def test_a_link_is_followed(tmp_path: Path, *, dangling: bool) -> None:
    target = tmp_path / "folder" / "target"
    target.parent.mkdir()
    if not dangling:
        target.write_text("before")
    link = tmp_path / "link"
    link.symlink_to("folder/target")
    write(str(link), b"after")
    assert link.is_symlink()
    assert target.read_bytes() == b"after"


def test_a_folder_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write(str(tmp_path / "none" / "file"), b"text")
    assert list(tmp_path.iterdir()) == []


def test_a_fifo_is_written_to(tmp_path: Path) -> None:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(path.read_bytes()))
    reader.start()
    write(str(path), b"text")
    reader.join()
    assert got == [b"text"]
    assert stat.S_ISFIFO(path.stat().st_mode)


def test_a_link_to_a_device_leaves_both(tmp_path: Path) -> None:
    link = tmp_path / "null"
    link.symlink_to("/dev/null")
    write(str(link), b"text")
    assert link.is_symlink()
    assert stat.S_ISCHR(link.stat().st_mode)


def test_what_is_open_is_written_to(tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb") as file:
        inode = os.fstat(file.fileno()).st_ino
        write(f"/dev/fd/{file.fileno()}", b"text")
        assert (tmp_path / "out").stat().st_ino == inode
    assert (tmp_path / "out").read_bytes() == b"text"


@pytest.mark.parametrize("name", ["", "\0"])
def test_what_can_be_no_name_is_refused(name: str) -> None:
    with pytest.raises((OSError, ValueError)):
        write(name, b"text")
