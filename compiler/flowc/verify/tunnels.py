"""Whether full packets of tunnels, outer headers included, fit what they leave by and the way that lies behind it.

Ends and keys are compared as all else that is loaded (`flowc.verify.drift`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flowc.facts import Index
from flowc.ir.addresses import Family, format_address
from flowc.ir.links import Interface, Tunnel
from flowc.ir.network import Host
from flowc.ir.stack import Stack
from flowc.verify.model import Part, Row, State
from flowc.verify.observed import PathRead


def tunnels(host: Host, index: Index, paths: Mapping[str, PathRead]) -> Iterator[Row]:
    """Rows for each tunnel, keys of a shared one too: these have ways of their own."""
    for interface, _, _, _ in ways(host):
        device = _device(host, interface)
        live = index.links.get(device)
        what = device if interface.carrier is None else f"{device} ({interface.name})"
        if live is None or live.mtu is None:
            yield Row(
                Part.TUNNELS, State.WRONG, what, "the device is not there", "`flowc apply` makes it", interface.span
            )
            continue
        wrong = list(_wrong(host, interface, live.mtu, index, paths.get(interface.name)))
        for why, help_ in wrong:
            yield Row(Part.TUNNELS, State.WRONG, what, why, help_, interface.span)
        if not wrong:
            yield Row(Part.TUNNELS, State.OK, what, "its packets fit what they leave by")


def ways(host: Host) -> Iterator[tuple[Interface, Family, int, int]]:
    """The tunnels that have both ends: outer family, local and remote address."""
    for one in host.interfaces.values():
        ends = host.outer_ends(one)
        if ends is not None:
            yield one, *ends


def leaves_from(host: Host, interface: Interface) -> Interface | None:
    """What a tunnel's packets leave by, where the file tells."""
    link = (host.interfaces[interface.carrier] if interface.carrier else interface).link
    return host.derived(Stack).underlay(link) if isinstance(link, Tunnel) else None


def _device(host: Host, interface: Interface) -> str:
    return (host.interfaces[interface.carrier] if interface.carrier else interface).device


def _wrong(
    host: Host, interface: Interface, mtu: int, index: Index, path: PathRead | None
) -> Iterator[tuple[str, str | None]]:
    carrying = (host.interfaces[interface.carrier] if interface.carrier else interface).link
    assert isinstance(carrying, Tunnel)
    ends = host.outer_ends(interface)
    assert ends is not None
    remote = format_address(ends[0], ends[2])
    size = mtu + carrying.overhead
    below = leaves_from(host, interface)
    device = path.device if path and path.device else below.device if below else None
    live = index.links.get(device or "")
    if path is not None and path.device is None:
        yield f"no packet gets to its remote end {remote}: {path.error}", f"`ip route get {remote}` on the host"
    if live is not None and live.mtu is not None and size > live.mtu:
        yield (
            f"MTU {mtu} is too large: with {carrying.overhead} bytes of outer headers {device} takes {live.mtu - carrying.overhead}",
            f"`mtu {live.mtu - carrying.overhead}` for the tunnel, or a larger one for {device}",
        )
    elif path is not None and path.mtu is not None and size > path.mtu:
        learned = f", for {path.expires} s more" if path.expires else ""
        yield (
            f"the way to {remote} takes packets of {path.mtu} bytes{learned}, and full ones have {size}",
            f"`mtu {path.mtu - carrying.overhead}` for the tunnel fits the way",
        )
