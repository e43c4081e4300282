"""Network namespaces. One without a name ends with the last file that refers to it, however this process ends."""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from flowc.testbed.model import TestbedError

_CLONE_NEWNET = 0x40000000  # linux/sched.h
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _SIOCGIFHWADDR = 0x8913, 0x8914, 0x8927  # linux/sockios.h
_IFF_UP, _IFF_RUNNING = 0x1, 0x40  # linux/if.h
_IFA_TENTATIVE = 0x40  # linux/if_addr.h
_THIS = "/proc/thread-self/ns/net"
_libc = ctypes.CDLL(None, use_errno=True)  # os.setns and os.unshare exist from Python 3.12 on


class Namespace:
    """A network namespace, by a file that refers to it: `close` closes that."""

    def __init__(self, file: int) -> None:
        self.file = file

    @classmethod
    def new(cls) -> Self:
        """Make one, with lo up. Raises TestbedError where this process may not."""
        if not sys.platform.startswith("linux"):
            raise TestbedError("network namespaces are there on Linux alone")
        before = os.open(_THIS, os.O_RDONLY | os.O_CLOEXEC)
        try:
            if _libc.unshare(_CLONE_NEWNET):
                reason = os.strerror(ctypes.get_errno())
                raise TestbedError(f"cannot make a network namespace: {reason} (it takes root, or CAP_SYS_ADMIN)")
            made = cls(os.open(_THIS, os.O_RDONLY | os.O_CLOEXEC))
        finally:
            _setns(before)
            os.close(before)
        made.up("lo")
        return made

    def close(self) -> None:
        os.close(self.file)

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Sockets, processes and files of /proc/sys/net that this thread opens within are the namespace's.

        A socket stays so afterwards. /sys is not switched: a program that reads it needs `ip netns exec`.
        """
        before = os.open(_THIS, os.O_RDONLY | os.O_CLOEXEC)
        try:
            _setns(self.file)
            yield
        finally:
            _setns(before)
            os.close(before)

    def socket(self, family: int, kind: int, protocol: int = 0) -> socket.socket:
        """Open a socket in this namespace, where it stays. Who opens it closes it."""
        with self.entered():
            return socket.socket(family, kind, protocol)

    def up(self, device: str) -> None:
        with self.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
            fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sH14x", device.encode(), _IFF_UP))

    def running(self, device: str) -> bool:
        """It is up and carries packets. Raises OSError if there is none of that name."""
        with self.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
            found: bytes = fcntl.ioctl(control, _SIOCGIFFLAGS, struct.pack("16s24x", device.encode()))
        return bool(int.from_bytes(found[16:18], sys.byteorder) & _IFF_RUNNING)

    def tentative(self) -> frozenset[str]:
        """The devices with IPv6 addresses that are of no use yet."""
        with self.entered():
            addresses = Path("/proc/thread-self/net/if_inet6")
            return with_tentative(addresses.read_text() if addresses.exists() else "")

    def mac(self, device: str) -> str:
        """The MAC address of a device. Raises OSError if there is none of that name."""
        with self.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
            found: bytes = fcntl.ioctl(control, _SIOCGIFHWADDR, struct.pack("16s24x", device.encode()))
        return found[18:24].hex(":")

    def settings(self, values: Mapping[str, str], *, where_known: bool = False) -> None:
        """Write kernel settings by their path below /proc/sys; a module that is not loaded has none."""
        with self.entered():
            for key, value in values.items():
                path = Path("/proc/sys") / key
                try:
                    path.write_text(value, encoding="ascii")
                except FileNotFoundError:
                    if not where_known:
                        raise TestbedError(f"there is no kernel setting {key}") from None
                except OSError as error:
                    raise TestbedError(f"kernel setting {key} = {value}: {error.strerror}") from error


def with_tentative(addresses: str) -> frozenset[str]:
    """Of what if_inet6 says, the devices: address, number, prefix length, scope, flags and name in each line."""
    lines = (line.split() for line in addresses.splitlines())
    return frozenset(name for _, _, _, _, flags, name in lines if int(flags, 16) & _IFA_TENTATIVE)


def _setns(file: int) -> None:
    if _libc.setns(file, _CLONE_NEWNET):
        error = ctypes.get_errno()
        raise OSError(error, f"setns: {os.strerror(error)}")
