"""Which of many inside addresses a policy admits something to, or from: one look-up for each, however many rules there
are.

Addresses that are in the same sets of the rules are alike, so that the policy is asked once for each kind of address.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable
from functools import cached_property
from itertools import chain, zip_longest
from typing import Literal

from flowc.analysis.rules import Rules
from flowc.analysis.space import EITHER, Box, Space, TooLargeError
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

    def admits(
        self, family: Family, addresses: Range, protocol: Values, detail: Values, translated: Values = EITHER
    ) -> bool:
        """Something is admitted of what has such an address, protocol and what is below that."""
        try:
            kind = self._kind(family, addresses.low) if addresses.low == addresses.high else None
            asked = (family, kind, protocol, detail, translated)
            if kind is None or asked not in self._known:
                every = EVERY_ADDRESS[family]
                query = Box(protocol, detail, translated, every, every)._replace(**{self._field: (addresses,)})
                numbers = None if kind is None else sorted({*chain(*(self._sets[family][one][1] for one in kind))})
                found = self._rules.admits(family, self._space.box(query), numbers)
                if kind is None:
                    return found
                self._known[asked] = found
            return self._known[asked]
        except TooLargeError:
            return True

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
