"""Write the guest's initramfs: busybox, a handful of modules and one script.

All it has to do is to mount this machine's file system, which needs modules that
Debian's kernel does not have built in. A cpio archive is a simple format, so that
it is made here, in a fraction of a second, instead of by a tool.
"""

from pathlib import Path

INIT = Path(__file__).with_name("initramfs-init.sh")

# What it takes to reach the 9p shares and to lay a writable file system over them.
BOOT_MODULES = ("virtio_pci", "9pnet_virtio", "9p", "overlay")

_FILE = 0o100755
_FOLDER = 0o040755


def build(modules: Path, busybox: Path) -> bytes:
    """The archive for the kernel whose module folder (/lib/modules/VERSION) is given."""
    load_order = _load_order(modules)
    entries = [(name, _FOLDER, b"") for name in ("bin", "dev", "host", "modules", "new", "proc", "sys", "writable")]
    entries.append(("bin/busybox", _FILE, busybox.read_bytes()))
    entries.append(("init", _FILE, INIT.read_bytes()))
    entries += [(f"modules/{Path(module).name}", _FILE, (modules / module).read_bytes()) for module in load_order]
    names = "".join(f"{Path(module).name}\n" for module in load_order)
    entries.append(("modules/order", _FILE, names.encode()))
    return _cpio(entries)


def _load_order(modules: Path) -> list[str]:
    """Paths of the boot modules, each after what it depends on. Built-in ones are in no list and need none."""
    dependencies: dict[str, list[str]] = {}
    paths: dict[str, str] = {}
    for line in (modules / "modules.dep").read_text().splitlines():
        path, _, needs = line.partition(":")
        paths[Path(path).name.split(".")[0].replace("-", "_")] = path
        dependencies[path] = needs.split()
    order: list[str] = []
    for name in BOOT_MODULES:
        if name in paths:
            # modules.dep lists all of a module's dependencies, the first to load last.
            order += [*reversed(dependencies[paths[name]]), paths[name]]
    return list(dict.fromkeys(order))


def _cpio(entries: list[tuple[str, int, bytes]]) -> bytes:
    """The "newc" format of the kernel's Documentation/driver-api/early-userspace/buffer-format.rst."""
    archive = bytearray()
    for number, (name, mode, data) in enumerate([*entries, ("TRAILER!!!", 0, b"")], start=1):
        fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0)
        archive += b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
        archive += b"\0" * (-len(archive) % 4)
        archive += data
        archive += b"\0" * (-len(archive) % 4)
    return bytes(archive)
