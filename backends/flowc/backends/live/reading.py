"""What there is of flowc on a host, in the types of what there shall be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from flowc.backends.netlink.connection import Connection
from flowc.backends.netlink.objects import addresses, filters, links, macs, modules, neighbors, routes, rules, sysctls
from flowc.backends.netlink.objects.devices import devices as read_devices
from flowc.backends.netlink.objects.devices import names_of
from flowc.backends.netlink.objects.foreign import Foreign
from flowc.backends.nft import live as nft
from flowc.hoststate import NetworkState, Sysctl
from flowc.hoststate.journal import DeviceBefore, Journal
from flowc.hoststate.macs import references
from flowc.hoststate.present import waiting
from flowc.hoststate.ruleset import Ruleset


@dataclass(frozen=True, slots=True)
class Loaded:
    """All of a host: what it is, or what it shall be."""

    state: NetworkState
    ruleset: Ruleset
    foreign: tuple[Foreign, ...] = ()
    """Of one that is read: what others made in the place of what it shall be."""
    devices: Mapping[int, str] = field(default_factory=dict)
    """Of one that is read the names of all that there are, whosever, by index."""
    fresh: tuple[Sysctl, ...] = ()
    """Of one that is read what it shall be besides: settings of devices that flowc made, which no file asks for now."""
    macs: macs.Macs = macs.NONE
    """Of one that is read what is known of the MAC addresses that filters wait for."""


def read(connection: Connection, wanted: NetworkState, journal: Journal, table: nft.Reader) -> Loaded:
    """What flowc made in the namespace of this thread; of what carries no owner's mark what is wanted and what is in
    the journal. Raises RefusedError and OSError.
    """
    found = read_devices(connection)
    names = names_of(found)
    foreign: list[Foreign] = []
    own, local_rule_last = rules.read(connection, wanted)
    there = links.links(found, wanted, journal, foreign)
    leftovers = tuple(sysctls.leftovers(wanted, there, journal))
    gone = {*journal.devices, *waiting(wanted, frozenset(names.values()))}.difference(names.values())
    asked = sysctls.read(wanted, journal, gone=gone)
    state = NetworkState(
        host=wanted.host,
        links=there,
        sysctls=(*asked, *(one.found for one in leftovers)),
        addresses=addresses.read(connection, names, wanted, journal),
        routes=routes.read(connection, names, wanted, foreign),
        rules=own,
        local_rule_last=local_rule_last,
        neighbors=neighbors.read(connection, names, wanted, foreign),
        filters=filters.read(connection, names, {*names.values(), *(one.device for one in wanted.filters)}),
        modules=modules.read(wanted),
    )
    known = macs.read(connection, found, references(wanted.filters))
    fresh = tuple(one.fresh for one in leftovers)
    return Loaded(state, table.read(), tuple(foreign), names, fresh, known)


def devices_now(connection: Connection) -> dict[str, DeviceBefore]:
    """What all devices are like. Raises RefusedError."""
    found = read_devices(connection)
    names = names_of(found)
    return {one.name: DeviceBefore(names.get(one.master, ""), one.mtu, one.mac, one.up) for one in found}
