"""The kernels of the lab: fetched from Debian once, kept in a cache folder.

A kernel package is unpacked, never installed: no boot loader or module folder of this
machine changes. The cache is `~/.cache/flowc-lab` or FLOWC_LAB_CACHE; a kernel in it
is used as it is, without asking the network for a newer one. `python -m tests.lab.kernel`
fetches ahead of time (for a CI cache), and deleting the folder starts afresh.
"""

import lzma
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.lab.apt import FetchError, PrivateApt, run, unpack

SUITES = {"6.1": "bookworm", "6.12": "trixie"}  # each kernel is the one of this Debian release
DEFAULT = "6.1"

# Programs that speak to the kernel must be as old, or as new, as it is.
_TOOLS = {"nftables": ("nft",), "iproute2": ("ip", "tc", "bridge", "ss"), "conntrack": ("conntrack",)}

# Drivers of hardware that no guest has are nine tenths of the modules.
_KEPT_DRIVERS = {"block", "char", "net", "ptp", "virtio"}
_DROPPED_NETWORK_DRIVERS = {"ethernet", "wireless", "usb", "wwan", "can", "arcnet", "fddi", "hippi", "ieee802154"}

_STALE = 24 * 3600  # seconds after which an unfinished fetch is certainly no longer running

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class LabKernel:
    """A kernel that can be booted."""

    image: Path
    modules: Path  # what is /lib/modules/VERSION in the guest
    busybox: Path  # linked statically, for the initramfs
    tools: Path | None  # a folder for the PATH, where this machine's own tools are of another release


def ensure(series: str = DEFAULT, say: Say = print) -> LabKernel:
    """The newest cached kernel of a series ("6.1", "6.12"); fetched if there is none."""
    if platform.machine() != "x86_64":
        raise FetchError(f"the packet lab boots an amd64 kernel and cannot run on {platform.machine()}")
    suite = SUITES[series]
    cache = cache_folder()
    cached = _cached_kernels(cache, suite)
    folder = cached[-1] if cached else _fetch_kernel(cache, suite, say)
    tools = None
    if _release_of_this_machine() != suite:
        tools = cache / f"{suite}-tools"
        if not tools.exists():
            _fetch_tools(tools, suite, say)
    (modules,) = (folder / "lib/modules").iterdir()
    return LabKernel(folder / "kernel", modules, folder / "busybox", tools and tools / "bin")


def cache_folder() -> Path:
    """Where kernels are kept."""
    chosen = os.environ.get("FLOWC_LAB_CACHE")
    return Path(chosen).absolute() if chosen else Path.home() / ".cache/flowc-lab"


def _cached_kernels(cache: Path, suite: str) -> list[Path]:
    """Complete kernels, oldest first."""
    return sorted((path.parent for path in cache.glob(f"{suite}-*/kernel")), key=lambda path: path.stat().st_mtime)


def _fetch_kernel(cache: Path, suite: str, say: Say) -> Path:
    say(f"packet lab: fetching the kernel of Debian {suite} into {cache}")
    with _unfinished(cache) as scratch:
        apt = PrivateApt(scratch / "apt", suite)
        package = apt.dependency("linux-image-amd64", "linux-image-")
        version = package.removeprefix("linux-image-")
        unpacked, result = scratch / "unpacked", scratch / "result"
        for deb in apt.download(package, "busybox-static"):
            unpack(deb, unpacked)
        (result / "lib/modules").mkdir(parents=True)
        (result / "kernel").write_bytes(_uncompressed((unpacked / f"boot/vmlinuz-{version}").read_bytes()))
        _first(unpacked / "bin/busybox", unpacked / "usr/bin/busybox").rename(result / "busybox")
        modules = _first(unpacked / f"lib/modules/{version}", unpacked / f"usr/lib/modules/{version}")
        _prune(modules / "kernel")
        _decompress(modules)
        modules.rename(result / "lib/modules" / version)
        run("depmod", "--basedir", result, version)
        return _publish(result, cache / f"{suite}-{version}")


def _fetch_tools(target: Path, suite: str, say: Say) -> None:
    say(f"packet lab: fetching nft, ip, tc and conntrack of Debian {suite} into {target.parent}")
    with _unfinished(target.parent) as scratch:
        result = scratch / "result"
        (result / "bin").mkdir(parents=True)
        for deb in PrivateApt(scratch / "apt", suite).download_with_dependencies(*_TOOLS):
            unpack(deb, result / "root")
        shutil.rmtree(result / "root/usr/share")
        loader = _first(*(result / folder / "ld-linux-x86-64.so.2" for folder in _LIBRARIES)).relative_to(result)
        libraries = ":".join(f"$here/{folder}" for folder in _LIBRARIES)
        for name in (name for names in _TOOLS.values() for name in names):
            places = (result / "root" / folder / name for folder in ("usr/sbin", "sbin", "usr/bin", "bin"))
            program = _first(*places).relative_to(result)
            wrapper = result / "bin" / name
            wrapper.write_text(_WRAPPER.format(loader=loader, libraries=libraries, program=program))
            wrapper.chmod(0o755)
        _publish(result, target)


# Programs of another release need its libraries, hence its loader; nothing is linked to this machine's. (In /lib64 there
# is only a symbolic link, and in some releases an absolute one.)
_LIBRARIES = ("root/lib/x86_64-linux-gnu", "root/usr/lib/x86_64-linux-gnu")
_WRAPPER = """\
#!/bin/sh
here=${{0%/*}}/..
exec "$here/{loader}" --library-path "{libraries}" "$here/{program}" "$@"
"""


@contextmanager
def _unfinished(cache: Path) -> Iterator[Path]:
    """A scratch folder on the file system of the cache, so that what is ready can be renamed into place."""
    cache.mkdir(parents=True, exist_ok=True)
    for left in cache.glob(".unfinished-*"):
        if time.time() - left.stat().st_mtime > _STALE:
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=".unfinished-", dir=cache) as folder:
        yield Path(folder)


def _publish(result: Path, target: Path) -> Path:
    with suppress(OSError):  # another run was quicker: its folder is as good
        result.rename(target)
    if not target.is_dir():
        raise FetchError(f"cannot create {target}")
    return target


def _first(*paths: Path) -> Path:
    for path in paths:
        if path.exists():
            return path
    raise FetchError(f"none of these is in the package: {', '.join(map(str, paths))}")


def _uncompressed(image: bytes) -> bytes:
    """The ELF file within a bzImage, which qemu starts by itself (PVH); the image as it is where that is not found.

    Unpacking it here saves every boot two seconds of emulation.
    """
    at = image.find(b"\xfd7zXZ\0")
    if at >= 0:
        with suppress(lzma.LZMAError):
            kernel = lzma.LZMADecompressor().decompress(image[at:])
            if kernel.startswith(b"\x7fELF"):
                return kernel
    return image


def _prune(kernel: Path) -> None:
    doomed = [path for path in (kernel / "drivers").iterdir() if path.name not in _KEPT_DRIVERS]
    doomed += [kernel / "drivers/net" / name for name in _DROPPED_NETWORK_DRIVERS]
    doomed.append(kernel / "sound")
    for path in doomed:
        shutil.rmtree(path, ignore_errors=True)


def _decompress(modules: Path) -> None:
    """Unpack .ko.xz once, here: the initramfs needs it, and emulation makes it slow in the guest."""
    for packed in list(modules.rglob("*.ko.xz")):
        packed.with_suffix("").write_bytes(lzma.decompress(packed.read_bytes()))
        packed.unlink()


def _release_of_this_machine() -> str:
    return platform.freedesktop_os_release().get("VERSION_CODENAME", "")


if __name__ == "__main__":
    for wanted in sys.argv[1:] or [DEFAULT]:
        print(ensure(wanted).image)
