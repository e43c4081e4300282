"""What kernels can do from which version on, as far as it matters to what flowc writes and says.

A version is (major, minor), as a host's `kernel` declares it. Sources are commits of the mainline kernel
(https://git.kernel.org/linus/ID) or pages. Stable series may have got a repair earlier than the version says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

Version: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Change:
    since: Version
    what: str
    """What holds from this version on, as a clause."""
    before: str
    """What an older kernel does, as a clause."""
    source: str

    def holds(self, kernel: Version) -> bool:
        return kernel >= self.since


REFUSED = "the load is refused"

INET_NAT = Change((5, 2), "tables for both families translate", REFUSED, "d164385ec572")
HARDWARE = Change((5, 5), "a flowtable has `flags offload`", REFUSED, "c29f74e0df7a")
HARDWARE_PORTS = Change(
    (5, 5),
    "a NIC writes the port of a translated flow in its place: the source port where the source is translated, in answers "
    "the destination port, and the other way round for a port forward",
    "ports were swapped, in release candidates alone",
    "https://lore.kernel.org/netfilter-devel/20200108231713.100458-6-pablo@netfilter.org/",
)
MEMBER_DEVICE = Change((5, 6), "a rule sees which member of a VRF a packet came in by", REFUSED, "c14ceb0ec727")
CONCATENATED_RANGES = Change((5, 6), "sets have ranges beside other fields", REFUSED, "3c4287f62044")
FLOWTABLE_COUNTER = Change((5, 7), "a flowtable counts into conntrack", REFUSED, "53c2b2899af7")
PREFIX_NAT = Change((5, 8), "a map translates prefix to prefix", REFUSED, "3ff7ddb1353d")
INET_INGRESS = Change(
    (5, 10), "tables for both families see packets before the flowtable does", REFUSED, "d3519cb89f6d"
)
PATH_DISCOVERY = Change(
    (5, 13),
    "a flow's way is followed through VLANs and bridges to the device at its end",
    "it ends at the VLAN or bridge, which no NIC carries flows of",
    "c63a7cc4d795",
)
MANAGED_NEIGHBORS = Change((5, 16), "neighbours can be `managed`", REFUSED, "7482e3841d52")
ALL_ACTIONS = Change(
    (7, 0),
    "a NIC is handed up to 24 actions for a flow",
    "up to 16, and what is more overwrites memory: IPv6 with both translations and two VLAN tags is 17",
    "76522fcdbc3a",
)
STRICT_PATHS = Change(
    (7, 2),
    "no flow is made while its way is unknown: a neighbour is unresolved, or the device at the end is not in the flowtable",
    "the flow is made all the same, and ends at the device that its route names",
    "871df5007eda",
)

CHANGES: tuple[Change, ...] = (
    INET_NAT,
    HARDWARE,
    HARDWARE_PORTS,
    MEMBER_DEVICE,
    CONCATENATED_RANGES,
    FLOWTABLE_COUNTER,
    PREFIX_NAT,
    INET_INGRESS,
    PATH_DISCOVERY,
    MANAGED_NEIGHBORS,
    ALL_ACTIONS,
    STRICT_PATHS,
)
"""All of them, by version."""


def text(version: Version) -> str:
    """As `kernel` is written."""
    return "{}.{}".format(*version)
