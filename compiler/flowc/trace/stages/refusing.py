"""Whether who sends a packet hears that it is refused: which table says where the error or the reset goes.

An ICMP error goes by the table of the VRF that the packet comes in by (icmp_route_lookup in net/ipv4/icmp.c, icmp6_send in
net/ipv6/icmp.c), but a TCP reset by that of the device that the packet would leave by (nf_send_reset6 in
net/ipv6/netfilter/nf_reject_ipv6.c; for IPv4 ip_route_me_harder in net/ipv4/netfilter.c). Before both comes the table that the
packet's mark leads to (sysctl fwmark_reflect).
"""

from __future__ import annotations

from flowc.ir.addresses import Family, Range
from flowc.ir.icmp import ICMP_PROTOCOL
from flowc.ir.links import Interface
from flowc.ir.packet import NUMBERS, Values
from flowc.trace.model import Verdict
from flowc.trace.stages.coming import is_opening, is_untracked
from flowc.trace.stages.passage import Passage

TOLD_OF: dict[Family, Values] = {4: (Range(0, 0), Range(8, 8), Range(13, 18)), 6: (Range(128, 255),)}
"""ICMP that the kernel sends an error about: nothing that is one itself (`icmp_pointers` in net/ipv4/icmp.c, RFC 4443 2.4)."""


def is_heard(passage: Passage, verdict: Verdict) -> bool:
    """The error, or the reset, comes to the sender."""
    walk, interface, replies = passage.walk, passage.interface, passage.indexes.replies
    if verdict not in (Verdict.REJECT, Verdict.UNREACHABLE) or interface is None:
        return False
    family = walk.packet.family
    if walk.equals("protocol", ICMP_PROTOCOL[family]) and not walk.within("detail", TOLD_OF[family]):
        return False
    if passage.indexes.ways.is_for_all(passage.vrf, family, walk.packet.destination):
        return False
    out = passage.out or interface
    if not passage.is_routed:
        # Then the main table is asked first (nf_reject_fill_skb_dst and nf_send_reset6), and by its way there the reset leaves.
        there = replies.way_back(walk, None)
        if there is None:
            return False
        out = there
    reset = verdict is Verdict.REJECT and walk.equals("protocol", NUMBERS["tcp"])
    vrf = _table(passage, out, reset=reset)
    if family == 6 and not reset and walk.within("source", passage.indexes.ways.routers_anycast(vrf)):
        return False
    there = replies.way_back(walk, vrf)
    if there is None or vrf == passage.vrf:
        return there is not None
    # Another table's way to such an address leads to somebody else, unless it is the same wire.
    return there is interface or passage.indexes.host.together(there.name, interface.name)


def _table(passage: Passage, out: Interface, *, reset: bool) -> str | None:
    """The VRF whose table the answer goes by."""
    interface, walk = passage.interface, passage.walk
    assert interface is not None
    indexes = passage.indexes
    if passage.outside is not None and not passage.is_routed:
        # Its mark is its own VRF.
        if indexes.replies.is_crossing(interface) and not indexes.is_front(interface):
            return interface.vrf
    elif passage.crossed is not None and not is_untracked(walk) and is_opening(walk):
        return passage.crossed.row.vrf
    if interface.carrier is not None or not reset:
        return interface.vrf
    return indexes.host.interfaces[out.carrier].vrf if out.carrier else out.vrf
