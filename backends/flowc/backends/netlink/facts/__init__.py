"""The reader of a live host: `flowc.facts.Facts` from netlink, ethtool, devlink, sock_diag, /proc and /sys.

It changes nothing and needs no root for most of it. What cannot be read (no permission, an old kernel, a missing tool) is
left out and listed with its reason.
"""

from flowc.backends.netlink.facts.gaps import Roots
from flowc.backends.netlink.facts.host import read_host
from flowc.backends.netlink.facts.namespace import NoNamespaceError

__all__ = ["NoNamespaceError", "Roots", "read_host"]
