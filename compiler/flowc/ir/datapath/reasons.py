"""Why tc does not take an address: the kernel's limits, a NIC's, and what the file does not tell (docs/adr/0014)."""

from __future__ import annotations

from enum import Enum


class Stay(Enum):
    """A reason, as it is printed."""

    DECLARED = "the host says `datapath nft`"
    OVERRIDE = "its EIP says `datapath nft`"
    POLICY = "a policy of its zone says `datapath nft`"
    AUTO = "`datapath auto` uses tc for what goes over a key of a shared tunnel, with `offload hardware`"
    TOGETHER = "it shares an address with what stays, and connection tracking by tc takes flows from the flowtable"
    UNNAMED = "it is shared with machines that the file does not name, so nobody knows their MAC addresses"
    NEIGHBOR = "tc writes MAC addresses, and nothing says or keeps resolved this one's"
    NEXT_HOP = "tc writes MAC addresses, and nothing says or keeps resolved the next hop's"
    ZONES = "what it has with the outside is in two conntrack zones, one for each direction"
    ROUTES = "tc does not choose routes: there are several, one for some sources only, or none"
    PINNED = "a machine outside is pinned to its MAC address, which tc cannot tell from a wrong one there"
    LISTED = "outside are known networks alone, and there tc only knows which sources are wrong"
    PARTS = "several zones share its wire by source address"
    LAYER3 = "its way is a tunnel without Ethernet headers"
    OWN_KEY = "its way is a tunnel with a key of its own: tc would not follow the tunnel's path MTU"
    OWN_KEY_HARDWARE = "its way is a tunnel with a key of its own: a NIC is told keys by a shared tunnel alone"
    UNDERLAY = "its tunnel's packets leave in a VRF, and a NIC asks the main table for their way"
    BRIDGE = "its way is a bridge"
    VIRTUAL = "its way is a device that no NIC has"
    MTU = "the MTUs of its ways differ, and the NIC does not measure packets"
    HELPER = "a rule with `offload` has a helper, which has to see every packet"
    DYNAMIC = "DHCP gives the address and the routes outside, so the file does not tell them"
    TWO_SIDES = "one shared tunnel is its inside and its outside"
