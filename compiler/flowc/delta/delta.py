"""The difference between two states of a host: kind by kind what is created, deleted and changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flowc.delta.addresses import ADDRESS
from flowc.delta.chains import CHAIN, compare_rules
from flowc.delta.fastpath import FLOWTABLE, HELPER
from flowc.delta.filters import FILTER, QDISC, Clsact, clsacts
from flowc.delta.kinds import Changes, compare, compare_rows
from flowc.delta.links import LINK, MODULE
from flowc.delta.neighbors import NEIGHBOR
from flowc.delta.routes import ROUTE, Route, routes
from flowc.delta.rules import LOCAL_FIRST, LOCAL_LAST, LOCAL_RULE, compare_routing_rules
from flowc.delta.sameness import without_circles
from flowc.delta.sets import METER, SET, Element, compare_elements
from flowc.delta.sysctls import SYSCTL
from flowc.hoststate import AddressRow, FlowerFilter, Link, NeighborRow, NetworkState, Rule, Sysctl
from flowc.hoststate.nft import Flowtable
from flowc.hoststate.rules import CtHelper, Meter
from flowc.hoststate.ruleset import Chain, ChainRule, Ruleset
from flowc.hoststate.sets import NftSet


@dataclass(frozen=True, slots=True)
class Delta:
    """In the order in which a host is loaded. Announcements are no objects: neighbours are told, and nothing stays."""

    host: str
    modules: Changes[str]
    links: Changes[Link]
    flowtables: Changes[Flowtable]
    helpers: Changes[CtHelper]
    meters: Changes[Meter]
    sets: Changes[NftSet]
    elements: Changes[Element]
    chains: Changes[Chain]
    chain_rules: Changes[ChainRule]
    qdiscs: Changes[Clsact]
    filters: Changes[FlowerFilter]
    sysctls: Changes[Sysctl]
    rules: Changes[Rule]
    local_rule: Changes[int]
    addresses: Changes[AddressRow]
    routes: Changes[Route]
    neighbors: Changes[NeighborRow]

    def kinds(self) -> Iterator[Changes[Any]]:
        """The changes of each kind."""
        return (getattr(self, name) for name in self.__dataclass_fields__ if name != "host")

    @property
    def in_table(self) -> tuple[Changes[Any], ...]:
        """Those of what is in the nft table."""
        return (
            self.flowtables, self.helpers, self.meters, self.sets, self.elements, self.chains, self.chain_rules,
        )  # fmt: skip

    def __len__(self) -> int:
        return sum(map(len, self.kinds()))

    @property
    def interrupted(self) -> tuple[str, ...]:
        """Devices that are deleted and made again, and what stands on them with them."""
        return tuple(change.new.device for change in self.links.changed if change.recreated)


def difference(old: NetworkState, new: NetworkState, before: Ruleset, after: Ruleset) -> Delta:
    """What makes `new` of `old`. `before` and `after` are what their nft tables hold.

    The filters of a chain are behind those of the chains that they lead to: what goes is removed from the end.
    """
    local_rules = ((LOCAL_LAST if state.local_rule_last else LOCAL_FIRST,) for state in (old, new))
    flowtables = ([] if side.flowtable is None else [side.flowtable] for side in (before, after))
    return Delta(
        host=new.host,
        modules=compare(MODULE, old.modules, new.modules),
        links=without_circles(compare(LINK, old.links, new.links)),
        flowtables=compare(FLOWTABLE, *flowtables),
        helpers=compare(HELPER, before.helpers, after.helpers),
        meters=compare(METER, before.meters, after.meters),
        sets=compare(SET, before.sets, after.sets),
        elements=compare_elements(before.sets, after.sets),
        chains=compare(CHAIN, before.chains, after.chains),
        chain_rules=compare_rules(before.chains, after.chains),
        qdiscs=compare(QDISC, clsacts(old.filters), clsacts(new.filters)),
        filters=compare(FILTER, sorted(old.filters, key=lambda one: -one.chain), new.filters),
        sysctls=compare(SYSCTL, old.sysctls, new.sysctls),
        rules=compare_routing_rules(old.rules, new.rules),
        local_rule=compare(LOCAL_RULE, *local_rules),
        addresses=compare(ADDRESS, old.addresses, new.addresses),
        routes=compare(ROUTE, routes(old), routes(new)),
        neighbors=compare_rows(NEIGHBOR, old.neighbors, new.neighbors),
    )
