"""What the host hears and says without a rule: neighbours and routers, DHCP, and the outer packets of its tunnels."""

from __future__ import annotations

from typing import Literal

from flowc.ir.addresses import LINK_LOCAL, Range
from flowc.ir.icmp import ICMP_PROTOCOL
from flowc.ir.links import Interface
from flowc.ir.network import Host
from flowc.ir.packet import GRE, NUMBERS, Values
from flowc.trace.stages.passage import Judged
from flowc.trace.stages.walk import Walk

NEIGHBORS: Values = (Range(135, 136),)
"""Neighbour solicitation and advertisement (RFC 4861)."""
LISTENERS: Values = (Range(130, 132), Range(143, 143))
"""Multicast listener discovery (RFC 2710, RFC 3810)."""
ADVERTISEMENT: Values = (Range(134, 134),)
"""Of a router (RFC 4861)."""
DHCP = {4: (67, 68), 6: (547, 546)}
"""Ports of server and client (RFC 2131, RFC 8415)."""
ON_THE_LINK: Values = (Range(0, 0), LINK_LOCAL)


SAID: Values = (Range(131, 133), Range(135, 136), Range(143, 143))
"""What the host itself says of these, and that it looks for routers."""


def implied(walk: Walk, interface: Interface) -> Judged | None:
    """What admits it, if something does."""
    family = walk.packet.family
    if interface.dhcp and walk.equals("protocol", NUMBERS["udp"]):
        server, client = DHCP[family]
        is_answer = walk.equals("source_port", server) and walk.equals("detail", client)
        if is_answer and (family == 4 or walk.within("source", (LINK_LOCAL,))):
            return Judged(None, None, f"DHCP on `{interface.name}`", interface.place("dhcp"))
    if family == 4 or not walk.equals("protocol", ICMP_PROTOCOL[6]):
        return None
    if walk.within("detail", NEIGHBORS):
        return Judged(None, None, "neighbour discovery", None)
    if walk.within("detail", LISTENERS) and walk.within("source", ON_THE_LINK):
        return Judged(None, None, "multicast listener discovery", None)
    if interface.dhcp and walk.within("detail", ADVERTISEMENT):
        return Judged(None, None, f"router advertisements on `{interface.name}`", interface.place("dhcp"))
    return None


def implied_out(walk: Walk, host: Host, out: Interface) -> Judged | None:
    """The same of what the host itself sends."""
    if walk.packet.family == 6 and walk.equals("protocol", ICMP_PROTOCOL[6]):
        if walk.within("detail", SAID):
            return Judged(None, None, "neighbour discovery and multicast listening", None)
    elif walk.equals("protocol", GRE):
        return tunnelled(walk, host, "source", "destination")
    elif out.dhcp and walk.equals("protocol", NUMBERS["udp"]):
        server, client = DHCP[walk.packet.family]
        if walk.equals("source_port", client) and walk.equals("detail", server):
            return Judged(None, None, f"DHCP on `{out.name}`", out.place("dhcp"))
    return None


def tunnelled(
    walk: Walk, host: Host, near: Literal["source", "destination"], far: Literal["source", "destination"]
) -> Judged | None:
    """GRE between the ends of a tunnel, of which `near` says where the host's own stands."""
    for one in host.interfaces.values():
        ends = host.outer_ends(one)
        if ends is None or ends[0] != walk.packet.family:
            continue
        if walk.equals(near, ends[1]) and walk.equals(far, ends[2]):
            return Judged(None, None, f"GRE of tunnel `{one.name}`", one.span)
    return None
