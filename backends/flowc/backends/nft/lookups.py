"""How the template looks a packet up in what lowering made: lines of rules, most of them for one map each."""

from __future__ import annotations

from collections.abc import Iterator

from flowc.hoststate.marks import HOME_SHIFT, VRF_BITS, VRF_MASK
from flowc.hoststate.nft import Home
from flowc.hoststate.sets import PlaceMap

PACKET_VRF = f"meta mark & {VRF_MASK:#x}"
TARGET_VRF = f"ct mark & {VRF_MASK:#x}"
HOME = f"ct mark & {VRF_MASK << HOME_SHIFT:#x}"
OTHER_BITS = f"{VRF_MASK ^ 0xFFFFFFFF:#x}"


def incoming(found: PlaceMap, *, members: bool = False) -> Iterator[str]:
    """Where a packet comes from. Once it is routed, members of VRFs are known by `sdifname`, all else by `iifname`."""
    devices = ("meta sdifname", "iifname") if members else ("iifname",)
    for ip, part in found.parts:
        yield from (f"{device} . {ip} saddr vmap @{part.name}" for device in devices)
    if found.keys:
        yield f"{PACKET_VRF} . iifname vmap @{found.keys.name}"
    if found.whole:
        yield from (f"{device} vmap @{found.whole.name}" for device in devices)


def outgoing(found: PlaceMap) -> Iterator[str]:
    """Where a packet goes to."""
    for ip, part in found.parts:
        yield f"oifname . {ip} daddr vmap @{part.name}"
    if found.marked:
        yield f"{PACKET_VRF} . oifname vmap @{found.marked.name}"
    if found.keys:
        yield f"ct zone . oifname vmap @{found.keys.name}"
    if found.whole:
        yield f"oifname vmap @{found.whole.name}"


def copied_number(source: str) -> Iterator[str]:
    """Rules that make the packet mark's VRF that of `source`, and leave its other bits alone.

    Before Linux 6.13 the kernel takes only constants on the right of `&` and `|`, so this takes one rule for each bit.
    """
    yield f"meta mark set meta mark & {OTHER_BITS}"
    for bit in range(VRF_BITS):
        yield f"{source} & {1 << bit:#x} != 0 meta mark set meta mark | {1 << bit:#x}"


def home_mark(home: Home) -> str:
    """Its bits of a connection mark."""
    return f"{home.number << HOME_SHIFT:#x}"


def marked(home: Home) -> str:
    """A packet is to be looked up in its table."""
    return f"meta mark set meta mark & {OTHER_BITS} | {home.number:#x}"
