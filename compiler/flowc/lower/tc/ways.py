"""What a packet needs on its way out: MAC addresses, one hop less, another tunnel key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flowc.hoststate.marks import VRF_MASK
from flowc.hoststate.tc import (
    Action,
    Checksum,
    Checksums,
    Field,
    MacOfDevice,
    Munge,
    Pedit,
    Police,
    Redirect,
    SetMark,
    TunnelUnset,
    Verdict,
)
from flowc.ir.addresses import Family, Prefix
from flowc.ir.datapath import NextHop
from flowc.ir.links import Interface, Vlan
from flowc.lower.shared import outer_header
from flowc.lower.tc.entrances import Entrance, Plan, next_mac
from flowc.source import Span

ETHERNET = 14
"""Bytes of an Ethernet header."""


class Ways:
    """From one entrance."""

    def __init__(self, plan: Plan, entrance: Entrance) -> None:
        self._plan = plan
        self._entrance = entrance

    def of(self, vrf: str | None) -> Iterator[tuple[Prefix, NextHop | None, Span]]:
        """Prefixes in no order, each once, with the next hop; None where the IP stack has to look."""
        return self._plan.lookups.ways(self._entrance.found, vrf)

    def actions(
        self, family: Family, vrf: str | None, hop: NextHop, translate: Action | None = None
    ) -> tuple[Action, ...]:
        """`translate` is done to the packet as it came."""
        host = self._plan.topology.host
        out = host.interfaces[hop.hop.interface]
        found: list[Action] = [*self._measured(vrf, out)]
        if translate is not None:
            found.append(translate)
        if self._entrance.shared and TunnelUnset() not in found:
            found.append(TunnelUnset())
        less = Munge(Field.TTL if family == 4 else Field.HOP_LIMIT)
        own = Munge(Field.ETH_SOURCE, _own_mac(out, host.interfaces))
        found.append(Pedit((Munge(Field.ETH_DESTINATION, next_mac(hop, self._plan.topology)), own, less)))
        if family == 4:
            found.append(Checksum(Checksums.IP4H))
        encap = self._plan.shared.encap(out)
        if encap is not None:
            found.append(outer_header(encap))
        return (*found, Redirect(self._plan.topology.device(out.name)))

    def _measured(self, vrf: str | None, out: Interface) -> Iterator[Action]:
        """What is larger than the way out goes up, with the mark of its key where it came by one, and without its tunnel."""
        looks = self._plan.looks
        most = looks.mtu(out.name)
        if looks.mtu(self._entrance.interface.name) <= most:
            return
        measured = Police(most + ETHERNET, exceed=Verdict.PASS, conform=Verdict.PIPE)
        if self._entrance.shared:
            yield SetMark(self._plan.topology.number(vrf), VRF_MASK)
            yield TunnelUnset()
            yield measured
            yield SetMark(0, VRF_MASK)
        else:
            yield measured


def _own_mac(out: Interface, interfaces: Mapping[str, Interface]) -> str | MacOfDevice:
    """That of the device: a VLAN without one of its own has its parent's."""
    device = interfaces[out.carrier] if out.carrier else out
    below = interfaces[device.link.parent] if isinstance(device.link, Vlan) else device
    return device.mac or below.mac or MacOfDevice(device.device)
