"""What of the filters has to wait for MAC addresses: the text for scripts says it, and live state is made by it.

A filter that writes an address which is not known does what it does `otherwise`, and one that `needs` it is left out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from flowc.hoststate.tc import STAY, Action, FlowerFilter, MacOfDevice, MacOfNeighbor, Munge, Pedit, Redirect, Reference

Value = str | int | Reference | None


def written(one: FlowerFilter) -> tuple[Reference, ...]:
    """The addresses that its actions write, each once."""
    found = (value for action in one.actions if isinstance(action, Pedit) for _, value in action.munges)
    return tuple(dict.fromkeys(value for value in found if isinstance(value, MacOfDevice | MacOfNeighbor)))


def references(filters: Iterable[FlowerFilter]) -> tuple[Reference, ...]:
    """All that filters write or need, each once."""
    return tuple(dict.fromkeys(reference for one in filters for reference in (*one.needs, *written(one))))


def lacking(reference: Reference) -> str:
    """What it is to a person that an address is not known; apply.sh says the same."""
    match reference:
        case MacOfNeighbor(address, device):
            return f"flows to {address} stay in nft: no neighbour {address} on {device}"
        case MacOfDevice(device):
            return f"flows out of {device} stay in nft: the device has no MAC address"


def resolved(filters: Iterable[FlowerFilter], macs: Mapping[Reference, str]) -> Iterator[FlowerFilter]:
    """The filters as they can be made while these addresses are known: none waits for any more."""
    for one in filters:
        wanted = written(one)
        if not (wanted or one.needs):
            yield one
        elif all(map(macs.__contains__, one.needs)):
            is_known = all(map(macs.__contains__, wanted))
            actions = tuple(_with(action, macs) for action in one.actions) if is_known else one.otherwise
            yield replace(one, actions=actions, needs=(), otherwise=STAY)


def resolved_where_known(filters: Iterable[FlowerFilter], macs: Mapping[Reference, str]) -> Iterator[FlowerFilter]:
    """The filters with these addresses; they still wait for others, and for what they need."""
    for one in filters:
        yield replace(one, actions=tuple(_with(action, macs) for action in one.actions)) if written(one) else one


def without_ways(filters: Iterable[FlowerFilter], gone: Collection[str]) -> Iterator[FlowerFilter]:
    """The filters but for those of devices that are not there. What would leave by one does what it does otherwise."""
    for one in filters:
        if one.device not in gone:
            leads_away = any(isinstance(action, Redirect) and action.device in gone for action in one.actions)
            yield replace(one, actions=one.otherwise) if leads_away else one


def _with(action: Action, macs: Mapping[Reference, str]) -> Action:
    if not isinstance(action, Pedit):
        return action
    return Pedit(tuple(Munge(field, _value(value, macs)) for field, value in action.munges))


def _value(value: Value, macs: Mapping[Reference, str]) -> Value:
    return macs.get(value, value) if isinstance(value, MacOfDevice | MacOfNeighbor) else value
