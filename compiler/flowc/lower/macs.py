"""MAC addresses of devices that flowc makes, where tc filters write them.

Whoever sends frames to such a device has learned its address, or has it pinned, and a filter holds it as a constant. A
device without one of its own gets a random one each time that it is made (`eth_hw_addr_random` in the kernel), so a file
that does not say `mac` gets one that stays.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace

from flowc.hoststate import FlowerFilter, Link, LinkKind
from flowc.hoststate.macs import references, resolved_where_known
from flowc.hoststate.tc import MacOfDevice, Reference

_OWN = frozenset({LinkKind.BRIDGE, LinkKind.VETH, LinkKind.GRETAP, LinkKind.IP6GRETAP})
"""A VLAN takes its parent's; VRFs and layer 3 tunnels have none that matters."""


def fixed_mac(host: str, device: str) -> str:
    """An address for a device of a host, always the same: unicast and locally administered (IEEE 802, `02:...`)."""
    digest = hashlib.sha256(f"{host}\0{device}".encode()).digest()
    return bytes((0x02, *digest[:5])).hex(":")


def with_fixed_macs(
    host: str, links: Iterable[Link], filters: Iterable[FlowerFilter]
) -> tuple[tuple[Link, ...], tuple[FlowerFilter, ...]]:
    """Links and filters of a host, as lowering hands them to the HostState.

    To be called with all of both when filters are made: filters hold `MacOfDevice` for each address of a device that they
    write. A device that flowc makes then gets a fixed address if the file says none, and filters hold that, or the one of
    the file, as text. What stays a reference is the address of a device that is there already. A device that no filter
    refers to stays as it is.
    """
    filters, links = tuple(filters), tuple(links)
    wanted = {one.device for one in references(filters) if isinstance(one, MacOfDevice)}
    by_name = {link.device: link for link in links}
    wanted |= {link.vlan[0] for name in wanted if (link := by_name.get(name)) and link.vlan and link.mac is None}
    done = tuple(
        replace(link, mac=fixed_mac(host, link.device))
        if link.mac is None and link.kind in _OWN and link.device in wanted
        else link
        for link in links
    )
    known: dict[Reference, str] = {}
    for link in done:  # a VLAN stands behind its parent
        parent = known.get(MacOfDevice(link.vlan[0])) if link.vlan else None
        mac = link.mac or parent
        if mac is not None:
            known[MacOfDevice(link.device)] = mac
    return done, tuple(resolved_where_known(filters, known))
