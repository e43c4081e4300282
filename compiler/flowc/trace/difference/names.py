"""What two hosts call the same thing: a change of names alone is no difference."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import NamedTuple, TypeAlias

from flowc.ir.network import Host
from flowc.ir.policy import SELF
from flowc.trace.answer.treatment import Place, place

Name: TypeAlias = Hashable


class Names(NamedTuple):
    """Of one host: for each of its names that by which both are compared."""

    zones: Mapping[str, Name]
    interfaces: Mapping[str, Place]
    vrfs: Mapping[str | None, Name]


def names(old: Host, new: Host) -> tuple[Names, Names]:
    """Those of the new host are kept. What it does not call the same is found by what it is.

    Interfaces are their devices and keys, VRFs their tables, and zones the interfaces that they have.
    """
    interfaces = [{name: place(host, one) for name, one in host.interfaces.items()} for host in (old, new)]
    vrfs: list[Mapping[str, Hashable]] = [{name: one.table for name, one in host.vrfs.items()} for host in (old, new)]
    zones = [
        {
            name: frozenset((there[member.interface], member.source) for member in zone.members)
            for name, zone in host.zones.items()
        }
        for host, there in zip((old, new), interfaces, strict=True)
    ]
    before, after = (
        Names({SELF: SELF, **zone}, interface, dict([(None, None), *vrf.items()]))
        for zone, interface, vrf in zip(_matched(*zones), interfaces, _matched(*vrfs), strict=True)
    )
    return before, after


def _matched(old: Mapping[str, Hashable], new: Mapping[str, Hashable]) -> tuple[dict[str, Name], dict[str, Name]]:
    """By name, then by what it is; what is only in the old host has a name that is none."""
    free = {what: name for name, what in new.items() if name not in old}
    before: dict[str, Name] = {}
    for name, what in old.items():
        before[name] = name if name in new else free.pop(what, ("old", name))
    return before, {name: name for name in new}
