"""What a process lacks to change the network of a host: it needs CAP_NET_ADMIN, not root (capabilities(7)).

Settings below /proc/sys/net belong to whoever has CAP_NET_ADMIN over the network namespace (net/sysctl_net.c,
`net_ctl_permissions`), unless /proc/sys is mounted read-only, as containers have it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from flowc.backends.live.runtime import LiveError

CAPABILITIES = {"CAP_NET_ADMIN": 12, "CAP_NET_RAW": 13, "CAP_SYS_MODULE": 16, "CAP_SYS_ADMIN": 21}
"""linux/capability.h."""
_STATUS = Path("/proc/self/status")
_SYSCTLS = Path("/proc/sys")


class PrivilegeError(LiveError):
    """What is missing, and how to get it."""


def require(*names: str, status: Path = _STATUS) -> None:
    """Raises PrivilegeError unless this process has all of these capabilities."""
    had = effective(status.read_text(encoding="ascii", errors="replace"))
    missing = [name for name in names if not had >> CAPABILITIES[name] & 1]
    if missing:
        raise PrivilegeError(
            f"this needs {' and '.join(missing)}, which this process does not have: run it with sudo, or from a systemd "
            f"unit with AmbientCapabilities={' '.join(missing)}; a network namespace of your own is `unshare -rn`"
        )


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
