"""From an interface to the wire that it is on, and back: tags, bridges and tunnels, written and read by hand."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from zlib import crc32

from flowc.ir.addresses import Family, format_address, parse_address
from flowc.ir.links import Bridge, Device, Interface, Tunnel, Veth, Vlan
from flowc.ir.network import Host
from flowc.ir.stack import Stack
from flowc.testbed.frames import BRIDGED, IPV4, IPV6, VLAN, Packet, ethernet, gre_packet, parse

_MOST_TURNS = 24
"""How often a frame is unpacked: more than the kernel nests devices."""


@dataclass(frozen=True, slots=True)
class Located:
    """A packet as the topmost interface sends or takes it."""

    interface: Interface
    packet: Packet
    key: int | None = None
    """Of the tunnel that it was in, as it stood there."""
    port: str | None = None
    """The port of a bridge, where the interface is one."""


class Wires:
    """The wires at a host: one for each device that is there already, by its name."""

    def __init__(self, host: Host, mac_of: Callable[[str], str]) -> None:
        """`mac_of` tells the MAC address of one of the host's own devices."""
        self.host = host
        self._mac_of = mac_of
        self._stack = host.derived(Stack)
        self.at: dict[str, Interface] = {
            one.device: one for one in host.interfaces.values() if isinstance(one.link, Device | Veth)
        }
        self.bridges = {
            port: one for one in host.interfaces.values() if isinstance(one.link, Bridge) for port in one.link.ports
        }

    def encode(self, name: str, packet: bytes, source_mac: str, port: str | None = None) -> tuple[str, bytes]:
        """The device of the wire and the frame on it that brings an IP packet to an interface of the host."""
        interface = self.host.interfaces[name]
        link = interface.link
        if isinstance(link, Tunnel) and not link.kind.ethernet:
            return self._tunnelled(interface, packet, IPV6 if packet[0] >> 4 == 6 else IPV4)
        return self.carry(interface, ethernet(source_mac, self._mac_of(self._device(interface)), packet), port)

    def carry(self, interface: Interface, frame: bytes, port: str | None = None) -> tuple[str, bytes]:
        """The device of the wire and the frame on it that brings a frame to an interface of the host."""
        link = interface.link
        match link:
            case Vlan():
                tag = struct.pack("!HH", VLAN, link.id)
                return self.carry(self.host.interfaces[link.parent], frame[:12] + tag + frame[12:], port)
            case Bridge():
                return self.carry(self.host.interfaces[port or link.ports[0]], frame)
            case Tunnel():
                return self._tunnelled(interface, frame, BRIDGED)
            case _:
                return interface.device, frame

    def decode(self, device: str, frame: bytes) -> Located | None:
        """What a frame on a wire is to the host; None for one that no interface of the file sends.

        Raises IndexError or struct.error for one that is cut short.
        """
        found = Located(self.at[device], parse(frame))
        tags = found.packet.tags
        for _ in range(_MOST_TURNS):
            interface, packet = found.interface, found.packet
            child = self._vlans.get((interface.name, tags[0])) if tags else None
            if child:
                found, tags = Located(child, packet, found.key, found.port), tags[1:]
            elif interface.name in self.bridges:
                found = Located(self.bridges[interface.name], packet, found.key, interface.name)
            elif tags:
                return None
            else:
                tunnel = self._tunnel(interface, packet)
                if tunnel is None or packet.inner is None:
                    return found
                found, tags = Located(tunnel, packet.inner, packet.key), packet.inner.tags
        return None

    def machine(self, name: str, family: Family, address: int) -> tuple[str, str | None]:
        """The MAC address of a machine at an interface of the host, and the port where that is a bridge."""
        link = self.host.interfaces[name].link
        while isinstance(link, Vlan):  # of a bridge: behind one of its ports, too
            link = self.host.interfaces[link.parent].link
        port = link.ports[0] if isinstance(link, Bridge) and link.ports else None
        mac, at = self._declared.get((name, family, address), (None, None))
        return mac or f"02:f1:{crc32(f'{name} {address}'.encode()).to_bytes(4, 'big').hex(':')}", at or port

    @cached_property
    def _declared(self) -> dict[tuple[str, Family, int], tuple[str | None, str | None]]:
        """The machines of the file, by interface and by the bridge above it."""
        found: dict[tuple[str, Family, int], tuple[str | None, str | None]] = {}
        for interface, family, address, mac in self._rows():
            found[interface, family, address] = mac, None
            if interface in self.bridges:
                found[self.bridges[interface].name, family, address] = mac, interface
        return found

    def _rows(self) -> Iterator[tuple[str, Family, int, str | None]]:
        for _, v4, v6, interface, mac, *_ in self.host.endpoints:
            if v4 is not None:
                yield interface, 4, v4, mac
            if v6 is not None:
                yield interface, 6, v6, mac
        for row in self.host.neighbors:
            if row.mac is not None:
                yield row.interface, row.family, row.address, row.mac

    @cached_property
    def _vlans(self) -> dict[tuple[str, int], Interface]:
        return {
            (one.link.parent, one.link.id): one for one in self.host.interfaces.values() if isinstance(one.link, Vlan)
        }

    @cached_property
    def _tunnels(self) -> dict[tuple[str | None, str | None, int | None], list[Interface]]:
        """By local and remote address and key, as the host writes them."""
        found: dict[tuple[str | None, str | None, int | None], list[Interface]] = {}
        for one in self.host.interfaces.values():
            ends = self.host.outer_ends(one)
            if ends is not None and isinstance(one.link, Tunnel):
                local, remote = (format_address(ends[0], address) for address in ends[1:])
                found.setdefault((local, remote, one.link.okey), []).append(one)
        return found

    def _tunnel(self, below: Interface, packet: Packet) -> Interface | None:
        if packet.protocol != "gre":
            return None
        found = self._tunnels.get((packet.source, packet.destination, packet.key), [])
        return next((one for one in found if self._underlay(one) is below), found[0] if found else None)

    def _tunnelled(self, interface: Interface, payload: bytes, kind: int) -> tuple[str, bytes]:
        ends = self.host.outer_ends(interface)
        underlay = self._underlay(interface)
        assert ends is not None
        assert underlay is not None
        assert isinstance(interface.link, Tunnel)
        family, local, remote = ends
        outer = gre_packet(
            format_address(family, remote),
            format_address(family, local),
            payload,
            key=interface.link.ikey,
            protocol=kind,
        )
        mac, port = self.machine(underlay.name, family, remote)
        return self.encode(underlay.name, outer, mac, port)

    def _device(self, interface: Interface) -> str:
        return self.host.interfaces[interface.carrier].device if interface.carrier else interface.device

    def _underlay(self, tunnel: Interface) -> Interface | None:
        """As the file tells; else where the remote end is on the link, or the way to it."""
        device = self.host.interfaces[tunnel.carrier] if tunnel.carrier else tunnel
        assert isinstance(device.link, Tunnel)
        known = self._stack.underlay(device.link)
        ends = self.host.outer_ends(tunnel)
        if known or ends is None:
            return known
        family, _, remote = ends
        ways = [
            (prefix.length, one)
            for one in self.host.interfaces.values()
            for prefix in one.prefixes
            if prefix.contains(family, remote) and one is not tunnel
        ]
        return max(ways, key=lambda way: way[0])[1] if ways else None


def number(address: str) -> int:
    """An address as the IR has it."""
    return parse_address(address)[1]
