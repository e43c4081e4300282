"""What a tunnel's outer packets are: where they go, and which table says how."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from flowc.ir.addresses import Family
from flowc.ir.links import Interface, Tunnel
from flowc.ir.network import Host
from flowc.source import Span


class Outer(NamedTuple):
    """The outer packets of a tunnel, or of a key over a shared one."""

    tunnel: Interface
    link: Tunnel
    """That of the device: for a key, the shared tunnel's."""
    family: Family
    local: int
    remote: int
    vrf: str | None
    """Whose table they are looked up in. The kernel looks where the device is that the tunnel is bound to, and in the
    main table without one (net/ipv4/ip_tunnel.c, `ip_tunnel_init_flow` with `parms.link`), whatever VRF `local` is in.
    """

    @property
    def local_place(self) -> Span:
        return self.tunnel.place("local")

    @property
    def remote_place(self) -> Span:
        return self.tunnel.place("remote")


def outers(host: Host) -> Iterator[Outer]:
    """Of all tunnels that have a remote, in the order of the file."""
    for one in host.interfaces.values():
        ends = host.outer_ends(one)
        device = host.interfaces[one.carrier].link if one.carrier else one.link
        if ends is not None and isinstance(device, Tunnel):
            vrf = host.interfaces[device.underlay].vrf if device.underlay else None
            yield Outer(one, device, *ends, vrf)
