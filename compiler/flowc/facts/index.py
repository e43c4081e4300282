"""Facts by what they are looked up with. All that was not read is empty here: a check has nothing to say of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from functools import cached_property

from flowc.facts.model import Facts, Link, ModuleState, Neighbor
from flowc.ir.addresses import WIDTH, Family, parse_address

FLOWC_ALIAS = "flowc"
"""Of devices that flowc made."""
FLOWC_PROTOCOL = 102
"""Of routes that flowc made."""
TABLE_MAIN = 254
ON_A_PARENT = ("vlan", "macvlan")
ON_PORTS = ("bond", "team", "bridge")
"""Kinds of devices that send by others."""


@dataclass(frozen=True)
class Owned:
    """An address that a device of the host has."""

    device: str
    single: bool
    """It is alone: /32 or /128."""


@dataclass(frozen=True)
class Index:
    facts: Facts

    def origin(self, host: str, *, alone: bool) -> tuple[str, ...]:
        """What a finding says of where it comes from: which host, where there are several, and how old the facts are."""
        taken = f", taken {self.facts.taken.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if self.facts.taken else ""
        if alone and not taken:
            return ()
        return (f"{'' if alone else f'on host {host}, '}by the facts of {self.facts.hostname or host}{taken}",)

    @cached_property
    def links(self) -> Mapping[str, Link]:
        """By name."""
        return {link.name: link for link in self.facts.links or ()}

    @cached_property
    def ports(self) -> Mapping[str, list[str]]:
        """Master to the devices that belong to it."""
        found: dict[str, list[str]] = {}
        for link in self.links.values():
            if link.master is not None:
                found.setdefault(link.master, []).append(link.name)
        return found

    def lowest(self, device: str) -> tuple[Link, ...]:
        """What a device stands on at last, down to ports of a switch: a VLAN's parent, the ports of a bond or a bridge, else
        the device itself. Empty where facts do not tell (kernel: dev_get_port_parent_id in net/core/dev.c).
        """
        found: list[Link] = []
        waiting, seen = [device], {device}
        while waiting:
            link = self.links.get(waiting.pop())
            if link is None:
                return ()
            below: Sequence[str | None] = ()
            if link.switch_id is None:
                below = (link.parent,) if link.kind in ON_A_PARENT else ()
                below = self.ports.get(link.name, ()) if link.kind in ON_PORTS else below
            if not below:
                found.append(link)
            for name in below:
                if name is None:
                    return ()
                if name not in seen:
                    seen.add(name)
                    waiting.append(name)
        return tuple(found)

    @cached_property
    def owners(self) -> Mapping[tuple[Family, int], list[Owned]]:
        """The devices that have an address."""
        found: dict[tuple[Family, int], list[Owned]] = {}
        for one in self.facts.addresses or ():
            text, _, length = one.address.partition("/")
            family, address = parse_address(text)
            found.setdefault((family, address), []).append(Owned(one.device, int(length) == WIDTH[family]))
        return found

    @cached_property
    def neighbors(self) -> Mapping[tuple[str, Family, int], Neighbor]:
        """By device and address."""
        return {(one.device, *parse_address(one.address)): one for one in self.facts.neighbors or ()}

    def sysctl(self, key: str) -> str | None:
        return (self.facts.sysctls or {}).get(key)

    def absent(self, module: str) -> bool:
        """True if the kernel can certainly not load it."""
        state = (self.facts.modules or {}).get(module)
        locked = self.sysctl("kernel/modules_disabled") == "1"
        return state is ModuleState.ABSENT or (locked and state is ModuleState.AVAILABLE)

    def table(self, device: str) -> int:
        """The routing table of what arrives on a device: its VRF's, or main."""
        for name in (device, self.links[device].master if device in self.links else None):
            link = self.links.get(name or "")
            if link is not None and link.kind == "vrf" and link.table is not None:
                return link.table
        return TABLE_MAIN
