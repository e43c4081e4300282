"""In which order a delta is applied: the steps, one write to the kernel each, but for the nft table, which is one in all.

What is new comes before the rules that need it and is of no effect until they are there: devices are made but stay down,
then the table is changed, then routing rules, devices, addresses, routes and neighbours follow; what is gone goes last.
Forwarding is switched off before anything else, and on behind everything else. A table that goes altogether goes last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from flowc.delta.delta import Delta
from flowc.delta.kinds import Changed, Changes, Kind
from flowc.delta.routes import Route
from flowc.delta.sameness import in_the_way, makes_room
from flowc.hoststate import AddressRow, Link, Sysctl
from flowc.hoststate.state import FORWARDING
from flowc.source import Span

ACTIVATION = frozenset({"master", "up"})
"""What of a device is only set once the table is there."""


class Verb(StrEnum):
    CREATE = "create"
    CHANGE = "change"
    ACTIVATE = "activate"
    """A device: into its VRF or bridge, and up."""
    DELETE = "delete"
    TRANSACTION = "transaction"
    """All of the nft table's part."""


class Step(NamedTuple):
    """One write. `change` is given where an object is changed; a transaction has no kind and no object."""

    verb: Verb
    kind: Kind[Any] | None = None
    object: Any = None
    change: Changed[Any] | None = None

    @property
    def span(self) -> Span | None:
        return None if self.kind is None else self.kind.place(self.object)

    @property
    def text(self) -> str:
        """In the words of the field's tools."""
        return "nft table inet flowc" if self.kind is None else f"{self.kind.noun} {self.kind.words(self.object)}"


def plan(delta: Delta, *, table_stays: bool = True) -> tuple[Step, ...]:
    """The steps of a delta. `table_stays` is False where nothing of the nft table is left."""
    return tuple(_steps(delta, table_stays=table_stays))


def _steps(delta: Delta, *, table_stays: bool) -> Iterator[Step]:
    links, conflicting = delta.links, in_the_way(delta.links)
    switches = _sysctls(delta.sysctls, FORWARDING)
    yield from (step for step in switches if step.object.value == "0")
    yield from _created(delta.modules)
    yield from _deletions(links.kind, reversed(conflicting))
    yield from _made(links)
    if table_stays and len_of_table(delta):
        yield Step(Verb.TRANSACTION)
    yield from (*_created(delta.qdiscs), *_created(delta.filters), *_changed(delta.filters))
    yield from _sysctls(delta.sysctls, FORWARDING, others=True)
    yield from _routes(delta.routes, barriers=True)
    yield from (*_created(delta.rules), *_changed(delta.rules), *_changed(delta.local_rule))
    yield from _activated(links)
    early = _former_own(delta)
    yield from (*_created(delta.addresses), *_changed(delta.addresses))
    yield from _deletions(delta.addresses.kind, early)
    yield from _routes(delta.routes, barriers=False)
    yield from (*_created(delta.neighbors), *_changed(delta.neighbors))
    for changes in (delta.neighbors, delta.routes, delta.addresses, delta.rules, delta.filters, delta.qdiscs):
        yield from _deletions(changes.kind, (one for one in reversed(changes.deleted) if one not in early))
    yield from _deletions(links.kind, (one for one in reversed(links.deleted) if one not in conflicting))
    if not table_stays and len_of_table(delta):
        yield Step(Verb.TRANSACTION)
    yield from (step for step in switches if step.object.value != "0")


def _former_own(delta: Delta) -> list[AddressRow]:
    """Addresses that go and are gateways of new routes: the kernel takes none that is the host's own."""
    routes = (*delta.routes.created, *(one.new for one in delta.routes.changed))
    gateways = {hop.gateway for route in routes for hop in route.row.nexthops}
    return [row for row in delta.addresses.deleted if row.address.partition("/")[0] in gateways]


def len_of_table(delta: Delta) -> int:
    """How much of a delta is in the nft table."""
    return sum(map(len, delta.in_table))


def _created(changes: Changes[Any]) -> Iterator[Step]:
    return (Step(Verb.CREATE, changes.kind, one) for one in changes.created)


def _changed(changes: Changes[Any]) -> Iterator[Step]:
    return (Step(Verb.CHANGE, changes.kind, one.new, one) for one in changes.changed)


def _deletions(kind: Kind[Any], objects: Iterable[Any]) -> Iterator[Step]:
    return (Step(Verb.DELETE, kind, one) for one in objects)


def _made(links: Changes[Link]) -> Iterator[Step]:
    """Devices that are new or made anew, and what is changed in place but for what activation does.

    In one order: a VLAN and a tunnel take their MTU from the device below.
    """
    anew = [one for one in links.changed if one.recreated]
    yield from (Step(Verb.DELETE, links.kind, one.old) for one in reversed(anew))
    yield from _with_new(links, Verb.CREATE, lambda name: name not in ACTIVATION)


def _activated(links: Changes[Link]) -> Iterator[Step]:
    """What is below comes up first: a VLAN cannot be up without its parent."""
    yield from _with_new(links, Verb.ACTIVATE, ACTIVATION.__contains__)


def _with_new(links: Changes[Link], verb: Verb, chosen: Callable[[str], bool]) -> Iterator[Step]:
    """Something done to all that are new, and some of the attributes that differ of others, what is below first."""
    new = {one.device: one for one in (*links.created, *(one.new for one in links.changed if one.recreated))}
    in_place = {step.object.device: step for step in _in_place(links, chosen)}
    for one in _in_order(new | {device: step.object for device, step in in_place.items()}, makes_room(links)):
        yield in_place[one.device] if one.device in in_place else Step(verb, links.kind, one)


def _in_place(links: Changes[Link], chosen: Callable[[str], bool]) -> Iterator[Step]:
    """Some of the attributes that differ."""
    for one in links.changed:
        names = tuple(filter(chosen, one.attributes))
        if names and not one.recreated:
            yield Step(Verb.CHANGE, links.kind, one.new, Changed(one.old, one.new, names, ()))


def _in_order(links: dict[str, Link], room: Mapping[str, str]) -> Iterator[Link]:
    """What another device names before it, and what makes room for it."""
    left = dict(links)

    def needed(link: Link) -> Iterator[Link]:
        del left[link.device]
        for name in (*link.below, room.get(link.device)):
            if name in left:
                yield from needed(left[name])
        yield link

    for link in links.values():
        if link.device in left:
            yield from needed(link)


def _routes(changes: Changes[Route], *, barriers: bool) -> Iterator[Step]:
    """Barriers forward nothing. Of the others those without a gateway come first: gateways are looked up in them."""
    steps = [*_created(changes), *_changed(changes)]
    chosen = [step for step in steps if bool(step.object.row.nexthops) is not barriers]
    return iter(sorted(chosen, key=lambda step: any(hop.gateway is not None for hop in step.object.row.nexthops)))


def _sysctls(changes: Changes[Sysctl], keys: tuple[str, ...], *, others: bool = False) -> list[Step]:
    """What a file no longer asks for and no journal knows the value of stays as it is."""
    return [step for step in (*_created(changes), *_changed(changes)) if (step.object.key in keys) is not others]
