"""Links over rtnetlink, what drives them over ethtool, the mode of embedded switches over devlink."""

from __future__ import annotations

import errno
import re
import socket
from collections.abc import Mapping
from contextlib import closing
from typing import Any

from pyroute2.netlink.exceptions import NetlinkError

from flowc.backends.netlink.facts.drivers import driver_info
from flowc.backends.netlink.facts.gaps import Gaps
from flowc.backends.netlink.facts.kernel import Devlink, Features, Message, attributes, devlink
from flowc.facts import Link, TunnelEnds

_IFF_UP = 1  # linux/if.h
_GRE_KEY = 0x2000  # linux/if_tunnel.h; sent in network byte order
_PCI = re.compile(r"[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]")
_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2})*")
_ESWITCH_MODES = {0: "legacy", 1: "switchdev", 2: "switchdev_inactive"}  # linux/devlink.h


def links(messages: Mapping[int, Message], gaps: Gaps) -> tuple[Link, ...]:
    """The links with all that drivers say of them."""
    names = {index: attributes(message)["IFLA_IFNAME"] for index, message in messages.items()}
    found = []
    with closing(Features()) as features, devlink() as link:
        switches = _Switches(link, gaps)
        for message in messages.values():
            basic = _link(message, names)
            driver, bus = driver_info(basic["name"]) or (None, None)
            basic |= {"driver": driver, "hw_tc_offload": _tc_offload(features, basic["name"], gaps)}
            found.append(Link(**basic, eswitch=switches.mode(bus)))
    return tuple(sorted(found, key=lambda link: link.name))


def _link(message: Message, names: Mapping[int, str]) -> dict[str, Any]:
    own = attributes(message)
    info = attributes(own["IFLA_LINKINFO"]) if "IFLA_LINKINFO" in own else {}
    kind, data = info.get("IFLA_INFO_KIND"), info.get("IFLA_INFO_DATA")
    data = attributes(data) if isinstance(data, Mapping) and "attrs" in data else {}
    mac = str(own.get("IFLA_ADDRESS", "")).lower()
    # Where the other end is in another namespace, its index means nothing here.
    parent = None if "IFLA_LINK_NETNSID" in own else names.get(own.get("IFLA_LINK", 0))
    return {
        "name": own["IFLA_IFNAME"],
        "kind": kind,
        "alias": own.get("IFLA_IFALIAS") or None,
        "mac": mac if _MAC.fullmatch(mac) else None,
        "mtu": own.get("IFLA_MTU"),
        "min_mtu": own.get("IFLA_MIN_MTU") or None,
        "max_mtu": own.get("IFLA_MAX_MTU") or None,  # 0 is no limit
        "master": names.get(own.get("IFLA_MASTER", 0)),
        "parent": parent if parent != own["IFLA_IFNAME"] else None,
        "up": bool(message["flags"] & _IFF_UP),
        "operstate": str(own["IFLA_OPERSTATE"]).lower() if "IFLA_OPERSTATE" in own else None,
        "table": data.get("IFLA_VRF_TABLE") if kind == "vrf" else None,
        "vlan": data.get("IFLA_VLAN_ID") if kind == "vlan" else None,
        "tunnel": _tunnel(kind, data),
        "switch_id": str(own.get("IFLA_PHYS_SWITCH_ID", "")).replace(":", "").lower() or None,
        "port_name": own.get("IFLA_PHYS_PORT_NAME") or None,
    }


def _tunnel(kind: str | None, data: Mapping[str, Any]) -> TunnelEnds | None:
    if kind in ("gre", "gretap"):
        prefix, nowhere = "IFLA_GRE_", "0.0.0.0"  # noqa: S104  # no address is bound
    elif kind in ("ip6gre", "ip6gretap"):
        prefix, nowhere = "IFLA_IP6GRE_", "::"
    else:
        return None
    local, remote = (data.get(f"{prefix}{name}") for name in ("LOCAL", "REMOTE"))
    return TunnelEnds(
        local=None if local in (None, nowhere) else str(local),
        remote=None if remote in (None, nowhere) else str(remote),
        ikey=_key(kind, data, prefix, "I"),
        okey=_key(kind, data, prefix, "O"),
        external=f"{prefix}COLLECT_METADATA" in data,
    )


def _key(kind: str, data: Mapping[str, Any], prefix: str, direction: str) -> int | None:
    flags = int(data.get(f"{prefix}{direction}FLAGS", 0))
    if kind.startswith("ip6"):
        flags = socket.ntohs(flags)  # pyroute2 knows the byte order of IPv4's only
    key = data.get(f"{prefix}{direction}KEY")
    return int(key) if flags & _GRE_KEY and key is not None else None


def _tc_offload(features: Features, name: str, gaps: Gaps) -> bool | None:
    try:
        return features.tc_offload(name)
    except OSError as error:
        gaps.add(f"links[{name}].hw_tc_offload", error.strerror or str(error))
        return None


class _Switches:
    """The embedded switches of NICs, asked for once each."""

    def __init__(self, link: Devlink | None, gaps: Gaps) -> None:
        self._devlink, self._gaps = link, gaps
        self._modes: dict[str, str | None] = {}

    def mode(self, bus: str | None) -> str | None:
        """The mode of the switch of a PCI device; None where it has none."""
        if self._devlink is None or bus is None or not _PCI.fullmatch(bus):
            return None
        if bus not in self._modes:
            self._modes[bus] = self._ask(self._devlink, bus)
        return self._modes[bus]

    def _ask(self, link: Devlink, bus: str) -> str | None:
        try:
            return _ESWITCH_MODES.get(link.eswitch(bus) or 0)
        except NetlinkError as error:
            if error.code in (errno.EPERM, errno.EACCES):
                self._gaps.add("links[].eswitch", "to read it needs root (CAP_NET_ADMIN)")
            return None
