"""Addresses, routes and neighbours over rtnetlink."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from socket import AF_INET, AF_INET6
from typing import Any

from flowc.backends.netlink.facts.kernel import Message, Rtnl, attributes
from flowc.facts import Address, Neighbor, NextHop, Route

_KINDS = {1: "unicast", 2: "local", 6: "blackhole", 7: "unreachable", 8: "prohibit", 9: "throw"}
"""linux/rtnetlink.h, enum rt_type. Broadcast, anycast and multicast are left out."""
_CLONED = 0x200
"""RTM_F_CLONED: an exception that the kernel keeps for one destination, such as its path MTU."""
_KERNEL = 2
"""RTPROT_KERNEL."""
_STATES = {
    0x00: "none", 0x01: "incomplete", 0x02: "reachable", 0x04: "stale", 0x08: "delay", 0x10: "probe", 0x20: "failed",
    0x80: "permanent",
}  # fmt: skip
"""linux/neighbour.h. NOARP (0x40) is what the kernel makes for multicast and itself."""

Names = Mapping[int, str]
"""Names of devices by index."""


def addresses(rtnl: Rtnl, names: Names) -> tuple[Address, ...]:
    """In the order of devices."""
    found = []
    for message in rtnl.addresses():
        own = attributes(message)
        # IFA_LOCAL is the own one, and IFA_ADDRESS that of the other end of a point-to-point link.
        text = own.get("IFA_LOCAL") or own.get("IFA_ADDRESS")
        if message["family"] in (AF_INET, AF_INET6) and text and message["index"] in names:
            found.append(Address(device=names[message["index"]], address=f"{text}/{message['prefixlen']}"))
    return tuple(sorted(found, key=lambda one: (one.device, one.address)))


def routes(rtnl: Rtnl, names: Names) -> tuple[Route, ...]:
    """In the order of tables and destinations."""
    found = [one for family in (AF_INET, AF_INET6) for one in _routes(rtnl, family, names)]
    return tuple(sorted(found, key=lambda one: (one.table, ":" in one.destination, one.destination, one.metric)))


def _routes(rtnl: Rtnl, family: int, names: Names) -> Iterator[Route]:
    for message in rtnl.routes(family):
        kind = _KINDS.get(message["type"])
        if kind is None or message["flags"] & _CLONED or message["src_len"] or message["family"] != family:
            continue
        own = attributes(message)
        if kind == "local" and message["proto"] == _KERNEL:
            continue  # it follows from an address
        anywhere = "0.0.0.0" if family == AF_INET else "::"  # noqa: S104  # no address is bound
        yield Route(
            table=own["RTA_TABLE"] if "RTA_TABLE" in own else message["table"],
            destination=f"{own.get('RTA_DST', anywhere)}/{message['dst_len']}",
            kind=kind,
            nexthops=tuple(_hops(own, names)) if kind == "unicast" else (),
            metric=own.get("RTA_PRIORITY", 0),
            protocol=message["proto"],
        )


def _hops(own: Mapping[str, Any], names: Names) -> Iterator[NextHop]:
    if "RTA_MULTIPATH" in own:
        for hop in own["RTA_MULTIPATH"]:
            yield NextHop(gateway=_gateway(attributes(hop)), device=names.get(hop["oif"]))
    else:
        yield NextHop(gateway=_gateway(own), device=names.get(own.get("RTA_OIF", 0)))


def _gateway(own: Mapping[str, Any]) -> str | None:
    """`via`, also that of an IPv4 route through an IPv6 gateway."""
    via = own.get("RTA_VIA")
    return own.get("RTA_GATEWAY") or (via.get("addr") if isinstance(via, Mapping) else None)


def neighbors(rtnl: Rtnl, names: Names) -> tuple[Neighbor, ...]:
    """In the order of devices."""
    found = []
    for family in (AF_INET, AF_INET6):
        for message in rtnl.neighbors(family):
            one = _neighbor(message, names)
            if one is not None:
                found.append(one)
    return tuple(sorted(found, key=lambda one: (one.device, ":" in one.address, one.address)))


def _neighbor(message: Message, names: Names) -> Neighbor | None:
    own = attributes(message)
    state, device = _STATES.get(message["state"]), names.get(message["ifindex"])
    if state is None or device is None or "NDA_DST" not in own:
        return None
    return Neighbor.model_validate(
        {"device": device, "address": own["NDA_DST"], "mac": own.get("NDA_LLADDR"), "state": state}
    )
