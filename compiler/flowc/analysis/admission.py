"""Which of many inside addresses a policy admits something to, or from: one look-up for each, however many rules there
are.

Addresses that are in the same sets of the rules are alike, so that the policy is asked once for each kind of address.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterable
from functools import cached_property
from itertools import chain, zip_longest
from typing import Literal

from flowc.analysis.rules import Rules
from flowc.analysis.space import EITHER, EVERY_DETAIL, Box, Space, TooLargeError
from flowc.ir.addresses import FAMILIES, Family, Range
from flowc.ir.packet import EVERY_ADDRESS, Values
from flowc.ir.policy import Policy


class Admission:
    """What a policy admits, by the addresses in one field. Where it would take too long to say, that may be anything."""

    def __init__(self, policy: Policy, space: Space, field: Literal["destination", "source"]) -> None:
        self._rules = Rules(policy, space)
        self._space = space
        self._field = field
        self._known: dict[Hashable, bool] = {}
        self._of_ports: dict[Hashable, Values] = {}

    def admits(
        self, family: Family, addresses: Range, protocol: Values, detail: Values, translated: Values = EITHER
    ) -> bool:
        """Something is admitted of what has such an address, protocol and what is below that."""
        try:
            kind = self._kind(family, addresses.low) if addresses.low == addresses.high else None
            asked = (family, kind, protocol, detail, translated)
            if kind is None or asked not in self._known:
                query = self._query(family, addresses, protocol, detail, translated)
                found = self._rules.admits(family, query, None if kind is None else self._numbers(family, kind))
                if kind is None:
                    return found
                self._known[asked] = found
            return self._known[asked]
        except TooLargeError:
            return True

    def offloads_all(self, family: Family, address: int, protocol: int, translated: Values = EITHER) -> Values:
        """The ports at which everything of a protocol is accepted that has this address, by rules with `offload` that ask
        for nothing else. None where it would take too long to say.
        """
        try:
            return self._ports(self._rules.offloads_all, family, address, protocol, translated)
        except TooLargeError:
            return ()

    def may_accept(self, family: Family, address: int, protocol: int, translated: Values = EITHER) -> Values:
        """The ports at which something of a protocol may be accepted that has this address: all where it would take too long
        to say.
        """
        try:
            return self._ports(self._rules.may_accept, family, address, protocol, translated)
        except TooLargeError:
            return EVERY_DETAIL

    def _ports(
        self,
        ask: Callable[[Family, Box, Iterable[int]], Values],
        family: Family,
        address: int,
        protocol: int,
        translated: Values,
    ) -> Values:
        kind = self._kind(family, address)
        asked = (ask.__name__, family, kind, protocol, translated)
        if asked not in self._of_ports:
            one = Range(address, address)
            query = self._query(family, one, (Range(protocol, protocol),), EVERY_DETAIL, translated)
            self._of_ports[asked] = ask(family, query, self._numbers(family, kind))
        return self._of_ports[asked]

    def _query(self, family: Family, addresses: Range, protocol: Values, detail: Values, translated: Values) -> Box:
        every = EVERY_ADDRESS[family]
        query = Box(protocol, detail, translated, every, every)
        return self._space.box(query._replace(**{self._field: (addresses,)}))

    def _numbers(self, family: Family, kind: tuple[int, ...]) -> list[int]:
        """The rules that can matter to a kind of address."""
        return sorted({*chain(*(self._sets[family][one][1] for one in kind))})

    def _kind(self, family: Family, address: int) -> tuple[int, ...]:
        firsts, kinds = self._kinds[family]
        return kinds[bisect_right(firsts, address) - 1]

    @cached_property
    def _sets(self) -> dict[Family, list[tuple[Values, list[int]]]]:
        """The sets of addresses that the rules name, each once, with the rules that name it. Raises TooLargeError."""
        result = {}
        for family in FAMILIES:
            found: dict[int, tuple[Values, list[int]]] = {}
            for number, boxes in enumerate(self._rules.boxes[family]):
                for box in boxes:
                    values: Values = getattr(box, self._field)
                    found.setdefault(id(values), (values, []))[1].append(number)
            result[family] = list(found.values())
        return result

    @cached_property
    def _kinds(self) -> dict[Family, tuple[list[int], list[tuple[int, ...]]]]:
        """The first address of each range of one kind, in order, and which sets hold it. Raises TooLargeError."""
        result = {}
        for family in FAMILIES:
            events = sorted(
                (place, starts, one)
                for one, (values, _) in enumerate(self._sets[family])
                for low, high in values
                for place, starts in ((low, True), (high + 1, False))
            )
            firsts, kinds = [-1], [tuple[int, ...]()]
            there: set[int] = set()
            for (place, starts, one), following in zip_longest(events, events[1:]):
                (there.add if starts else there.discard)(one)
                if following is None or following[0] > place:
                    self._space.spend(len(there))
                    firsts.append(place)
                    kinds.append(tuple(sorted(there)))
            result[family] = firsts, kinds
        return result
