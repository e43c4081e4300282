"""The kernel cache holds complete kernels or nothing, and the initramfs what a boot needs."""

from pathlib import Path

import pytest
from tests.lab import initramfs, kernel
from tests.lab.apt import FetchError


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FLOWC_LAB_CACHE", str(tmp_path))
    monkeypatch.setattr(kernel, "_release_of_this_machine", lambda: "bookworm")
    return tmp_path


def complete(folder: Path) -> None:
    (folder / "lib/modules/6.1.0-1-amd64").mkdir(parents=True)
    (folder / "kernel").touch()


def test_a_cached_kernel_is_used_without_the_network(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "PrivateApt", None)
    complete(cache / "bookworm-6.1.0-1-amd64")
    found = kernel.ensure("6.1")
    assert found.image == cache / "bookworm-6.1.0-1-amd64/kernel"
    assert found.modules.name == "6.1.0-1-amd64"
    assert found.tools is None


def test_a_fetch_that_fails_leaves_nothing_behind(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(folder: Path, _suite: str) -> None:
        (folder / "half").mkdir(parents=True)
        raise FetchError("no mirror")

    monkeypatch.setattr(kernel, "PrivateApt", fails)
    with pytest.raises(FetchError, match="no mirror"):
        kernel.ensure("6.1", say=lambda _: None)
    assert list(cache.iterdir()) == []


def test_of_two_fetches_at_once_the_first_is_kept(tmp_path: Path) -> None:
    complete(tmp_path / "first")
    complete(tmp_path / "second")
    target = tmp_path / "bookworm-6.1.0-1-amd64"
    assert kernel._publish(tmp_path / "first", target) == target
    assert kernel._publish(tmp_path / "second", target) == target
    assert (tmp_path / "second").exists()


def test_modules_are_loaded_after_what_they_need(tmp_path: Path) -> None:
    (tmp_path / "modules.dep").write_text(
        "k/9p.ko: k/9pnet.ko k/netfs.ko\nk/9pnet.ko:\nk/netfs.ko:\nk/overlay.ko:\n"
        "k/9pnet_virtio.ko: k/virtio.ko k/virtio_ring.ko k/9pnet.ko\nk/virtio.ko: k/virtio_ring.ko\nk/virtio_ring.ko:\n"
    )
    order = [Path(path).stem for path in initramfs._load_order(tmp_path)]
    assert sorted(order) == ["9p", "9pnet", "9pnet_virtio", "netfs", "overlay", "virtio", "virtio_ring"]
    assert order.index("9pnet") < order.index("9pnet_virtio")
    assert order.index("9pnet") < order.index("9p")
    assert order.index("netfs") < order.index("9p")


def test_the_archive_is_one_that_the_kernel_reads() -> None:
    archive = initramfs._cpio([("bin", 0o040755, b""), ("bin/x", 0o100755, b"#!/bin/y\n")])
    found, at = {}, 0
    while at < len(archive):
        assert archive[at : at + 6] == b"070701"
        fields = [int(archive[at + 6 + 8 * n : at + 14 + 8 * n], 16) for n in range(13)]
        name_size, size = fields[11], fields[6]
        name = archive[at + 110 : at + 110 + name_size]
        data_at = (at + 110 + name_size + 3) & ~3
        found[name] = (oct(fields[1]), archive[data_at : data_at + size])
        at = (data_at + size + 3) & ~3
    assert found == {b"bin\0": ("0o40755", b""), b"bin/x\0": ("0o100755", b"#!/bin/y\n"), b"TRAILER!!!\0": ("0o0", b"")}
