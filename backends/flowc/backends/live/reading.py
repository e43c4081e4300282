"""What there is of flowc on a host, in the types of what there shall be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from flowc.backends.netlink.connection import Connection
from flowc.backends.netlink.objects import addresses, filters, links, modules, neighbors, routes, rules, sysctls
from flowc.backends.netlink.objects.devices import devices as read_devices
from flowc.backends.netlink.objects.devices import names_of
from flowc.hoststate import NetworkState
from flowc.hoststate.journal import DeviceBefore, Journal
from flowc.hoststate.ruleset import Ruleset


@dataclass(frozen=True, slots=True)
class Loaded:
    """All of a host: what it is, or what it shall be."""

    state: NetworkState
    ruleset: Ruleset
    devices: Mapping[int, str] = field(default_factory=dict)
    """On a host that was read the names of all that there are, whosever, by index."""


def read(connection: Connection, wanted: NetworkState, journal: Journal) -> tuple[NetworkState, Mapping[int, str]]:
    """What flowc made in the namespace of this thread, but for the nft table, and the names of all devices by index.

    Of what carries no owner's mark it is what is wanted and what is in the journal. Raises RefusedError and OSError, and
    ForeignDeviceError for a device that is somebody else's.
    """
    found = read_devices(connection)
    names = names_of(found)
    own, local_rule_last = rules.read(connection, wanted)
    state = NetworkState(
        host=wanted.host,
        links=links.links(found, wanted, journal),
        sysctls=sysctls.read(wanted, journal),
        addresses=addresses.read(connection, names, wanted),
        routes=routes.read(connection, names),
        rules=own,
        local_rule_last=local_rule_last,
        neighbors=neighbors.read(connection, names),
        filters=filters.read(connection, names, {*names.values(), *(one.device for one in wanted.filters)}),
        modules=modules.read(wanted),
    )
    return state, names


def devices_now(connection: Connection) -> dict[str, DeviceBefore]:
    """What all devices are like. Raises RefusedError."""
    found = read_devices(connection)
    names = names_of(found)
    return {one.name: DeviceBefore(names.get(one.master, ""), one.mtu, one.mac, one.up) for one in found}
