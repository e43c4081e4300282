"""Sysctls, in /proc/sys: net/ is that of the calling thread's namespace (fs/proc/proc_sysctl.c)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from flowc.backends.netlink.connection import MissingDeviceError, RefusedError
from flowc.hoststate import Link, NetworkState, Sysctl
from flowc.hoststate.journal import Journal
from flowc.hoststate.state import OF_DEVICES, device_of

ROOT = Path("/proc/sys")
OPTIONAL = ("net/ipv6", "net/bridge")
"""Without IPv6, and without br_netfilter, a host has none of these, and what they are for does not happen."""


def read(
    wanted: NetworkState, journal: Journal, root: Path = ROOT, *, gone: Collection[str] = ()
) -> tuple[Sysctl, ...]:
    """Those of the file, then those of the journal, but for those of devices of the journal that are gone: nobody waits
    for these.

    One that does not exist is left out, because it is missing; but it is as it shall be where it cannot be otherwise: when
    the host has nothing of its kind, and when what was set is gone, with its device. Raises RefusedError.
    """
    asked = {one.key: one.value for one in wanted.sysctls}
    found = []
    noted = [key for key in sorted(journal.sysctls) if key not in asked and device_of(key) not in gone]
    for key in (*asked, *noted):
        text = value(key, root)
        if text is None and (key not in asked or _cannot_be(key, root)):
            text = asked[key] if key in asked else journal.sysctls[key]
        if text is not None:
            found.append(Sysctl(key, text, None))
    return tuple(found)


def of_devices(devices: Iterable[str], root: Path = ROOT) -> tuple[Sysctl, ...]:
    """All that a file may ask for of these, as it is. Raises RefusedError."""
    keys = (key.format(device) for device in devices for key in OF_DEVICES)
    return tuple(Sysctl(key, found, None) for key in keys if (found := value(key, root)) is not None)


class Leftover(NamedTuple):
    """A setting of a device that flowc made, which the file of before asked for, as a sysctl of its own each."""

    found: Sysctl
    fresh: Sysctl
    """As a new device would have it."""


def leftovers(wanted: NetworkState, there: Iterable[Link], journal: Journal, root: Path = ROOT) -> Iterator[Leftover]:
    """Of those devices in `there` that flowc made and that stay: what is as flowc sets it, as neither the file nor the
    journal wants it, and not as it is on a new device. Raises RefusedError.
    """
    own = {link.device for link in there if link.created}
    asked = {one.key for one in wanted.sysctls}.union(journal.sysctls)
    usual = {key: value(key.format("default"), root) for key in OF_DEVICES}
    for link in wanted.links:
        if not link.created or link.device not in own:
            continue
        for pattern, fresh in usual.items():
            key = pattern.format(link.device)
            if fresh is None or key in asked:
                continue
            found = value(key, root)
            if found != fresh and found in OF_DEVICES[pattern]:
                yield Leftover(Sysctl(key, found, None), Sysctl(key, fresh, link.span))


def write(sysctl: Sysctl, root: Path = ROOT) -> None:
    """Raises RefusedError, and MissingDeviceError for a setting of a device that is not there."""
    if _cannot_be(sysctl.key, root):
        return
    try:
        (root / sysctl.key).write_text(f"{sysctl.value}\n", encoding="ascii")
    except FileNotFoundError as error:
        device = device_of(sysctl.key)
        if device is not None and not (root / sysctl.key).parent.exists():
            raise MissingDeviceError(device) from error
        raise _refused(error, sysctl.key, root) from error
    except OSError as error:
        raise _refused(error, sysctl.key, root) from error


def value(key: str, root: Path = ROOT) -> str | None:
    """Several words are separated by one space. None for what does not exist."""
    try:
        return " ".join((root / key).read_text(encoding="utf-8", errors="replace").split())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _refused(error, key, root) from error


def _cannot_be(key: str, root: Path) -> bool:
    """What apply.sh leaves out."""
    return any(key.startswith(f"{folder}/") and not (root / folder).exists() for folder in OPTIONAL)


def _refused(error: OSError, key: str, root: Path) -> RefusedError:
    return RefusedError(error.errno or 0, str(root / key))
