"""What a process lacks to change the network of a host: it needs CAP_NET_ADMIN, not root (capabilities(7)).

Settings below /proc/sys/net belong to whoever has CAP_NET_ADMIN over the network namespace (net/sysctl_net.c,
`net_ctl_permissions`), unless /proc/sys is mounted read-only, as containers have it.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterable
from pathlib import Path

from flowc.backends.live.runtime import LiveError

_NET_ADMIN = 12  # linux/capability.h, CAP_NET_ADMIN
_NS_GET_USERNS = 0xB701  # linux/nsfs.h
_STATUS = Path("/proc/self/status")
_SYSCTLS = Path("/proc/sys")
_WAYS = (
    "run it with sudo, or from a systemd unit with AmbientCapabilities=CAP_NET_ADMIN; a network namespace of your own is "
    "`unshare -rn`"
)


class PrivilegeError(LiveError):
    """What is missing, and how to get it."""


def require_net_admin(status: Path = _STATUS) -> None:
    """Raises PrivilegeError unless this process has CAP_NET_ADMIN over the network namespace of this thread.

    To read the nft table and conntrack takes it, too (net/netfilter/nfnetlink.c, `nfnetlink_rcv`).
    """
    if not effective(status.read_text(encoding="ascii", errors="replace")) >> _NET_ADMIN & 1:
        raise PrivilegeError(f"this needs CAP_NET_ADMIN, which this process does not have: {_WAYS}")
    if not _is_network_of_this_user_namespace():
        raise PrivilegeError(
            "this needs CAP_NET_ADMIN over this network namespace, and this process has it in its own user namespace only: "
            f"{_WAYS}"
        )


def _is_network_of_this_user_namespace() -> bool:
    """Or of one below it. The kernel does not tell the owner of one that is outside of them (ioctl_ns(2), EPERM)."""
    network = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.close(fcntl.ioctl(network, _NS_GET_USERNS))
    except OSError as error:
        return error.errno != errno.EPERM
    finally:
        os.close(network)
    return True


def effective(status: str) -> int:
    """The effective set in the text of /proc/PID/status, a bit for each capability."""
    for line in status.splitlines():
        name, _, value = line.partition(":")
        if name == "CapEff":
            return int(value, 16)
    return 0


def require_sysctls(keys: Iterable[str], root: Path = _SYSCTLS) -> None:
    """Raises PrivilegeError unless these can be set. Those that the kernel does not have are left to who sets them."""
    for key in keys:
        path = root / key
        try:
            file = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise PrivilegeError(
                f"cannot set {path}: {error.strerror}; it takes CAP_NET_ADMIN and a /proc/sys that is not read-only, as it "
                "is in most containers and with ProtectKernelTunables= in a systemd unit"
            ) from error
        os.close(file)
