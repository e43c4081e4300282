"""The steps of a plan, done: each kind of object by its module, the nft table by one transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from flowc.backends.iproute2.render import rule_families
from flowc.backends.netlink.connection import Connection
from flowc.backends.netlink.objects import addresses, filters, links, modules, neighbors, routes, rules, sysctls
from flowc.delta.kinds import Changed
from flowc.delta.plan import Step, Verb
from flowc.delta.rules import LOCAL_FIRST, LOCAL_LAST, LOCAL_RULE
from flowc.hoststate import NetworkState
from flowc.ir.addresses import FAMILIES


class Writer(NamedTuple):
    """What becomes of an object of one kind; None is what never happens to it."""

    create: Callable[[Connection, Any], None] | None
    delete: Callable[[Connection, Any], None] | None = None
    change: Callable[[Connection, Changed[Any]], None] | None = None


WRITERS = {
    "module": Writer(lambda _, name: modules.load(name)),
    "link": Writer(links.create, links.delete, links.change),
    "qdisc": Writer(filters.create_qdisc, filters.delete_qdisc),
    "filter": Writer(
        filters.create, filters.delete, lambda connection, one: filters.change(connection, one.old, one.new)
    ),
    "sysctl": Writer(lambda _, one: sysctls.write(one), None, lambda _, one: sysctls.write(one.new)),
    "rule": Writer(rules.create, rules.delete, lambda connection, one: rules.change(connection, one.old, one.new)),
    "address": Writer(addresses.create, addresses.delete, addresses.change),
    "route": Writer(routes.create, routes.delete, lambda connection, one: routes.change(connection, one.old, one.new)),
    "neighbor": Writer(neighbors.create, neighbors.delete, neighbors.change),
}
"""By the name of a kind."""


def do(connection: Connection, step: Step, wanted: NetworkState) -> None:
    """One step, but for a transaction. Raises RefusedError, MissingDeviceError and OSError."""
    assert step.kind is not None
    if step.kind is LOCAL_RULE:
        last = rule_families(wanted) if step.object == LOCAL_LAST else ()
        rules.set_local(connection, LOCAL_LAST, last)
        rules.set_local(connection, LOCAL_FIRST, [family for family in FAMILIES if family not in last])
        return
    writer = WRITERS[step.kind.name]
    if step.verb is Verb.ACTIVATE:
        links.activate(connection, step.object)
    elif step.verb is Verb.CHANGE:
        assert writer.change is not None
        assert step.change is not None
        writer.change(connection, step.change)
    else:
        write = writer.create if step.verb is Verb.CREATE else writer.delete
        assert write is not None
        write(connection, step.object)
