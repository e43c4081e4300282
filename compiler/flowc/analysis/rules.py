"""The rules of a policy as sets of packets: what each can match, what it takes, and what of that is left for it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from flowc.analysis.overlaps import earlier
from flowc.analysis.space import EITHER, EVERY_DETAIL, TRANSLATED, Box, Space
from flowc.ir.addresses import FAMILIES, AddressSet, Family, Range, merge
from flowc.ir.icmp import ICMP_PROTOCOL, ICMP_TYPES, ICMPV6_TYPES
from flowc.ir.packet import EVERY_ADDRESS, EVERY_PROTOCOL, NUMBERS, Values
from flowc.ir.policy import Action, Icmp, Policy, Ports, Protocol, Rule, Traffic


def takes_all(rule: Rule) -> bool:
    """Every packet that fits the rule is decided by it; with a limit, what is beyond goes on to the next rule."""
    return rule.limit is None and rule.connections is None


def asks_nothing(rule: Rule) -> bool:
    """It offloads what it accepts, and wants neither to know a connection nor to see each new one."""
    wishes = rule.limit, rule.connections, rule.log, rule.helper
    return rule.offload and not rule.counter and all(wish is None for wish in wishes)


def boxes(rule: Rule, family: Family, space: Space) -> list[Box]:
    """The packets that fit a rule, whatever its limits: disjoint boxes."""
    source, destination = (_addresses(operand, family, space) for operand in (rule.source, rule.destination))
    if not source or not destination:
        return []
    translated = TRANSLATED if rule.via_eip else EITHER
    return [
        space.box(Box(protocols, details, translated, destination, source))
        for protocols, details in _traffic(rule.traffic, family)
    ]


def _addresses(operand: AddressSet | None, family: Family, space: Space) -> Values:
    """A negated operand is of the families that it names, too."""
    every = space.keep(EVERY_ADDRESS[family])
    if operand is None:
        return every
    found = space.keep(operand.ranges(family))
    return space.rest(every, found) if operand.negated and found else found


def _traffic(traffic: Iterable[Traffic], family: Family) -> list[tuple[Values, Values]]:
    """Protocols with what they have below, those with the same together."""
    found: dict[int, list[Range]] = {}
    for one in traffic:
        numbered = _of(one, family)
        if numbered:
            found.setdefault(numbered[0], []).extend(numbered[1])
    if not found:
        return [] if traffic else [(EVERY_PROTOCOL, EVERY_DETAIL)]
    alike: dict[Values, list[Range]] = {}
    for number, details in found.items():
        alike.setdefault(merge(details), []).append(Range(number, number))
    return [(merge(numbers), details) for details, numbers in alike.items()]


def _of(one: Traffic, family: Family) -> tuple[int, Values] | None:
    if isinstance(one, Ports):
        return NUMBERS[one.protocol], tuple(Range(*ports) for ports in one.ports) or EVERY_DETAIL
    if isinstance(one, Protocol):
        return one.number, EVERY_DETAIL
    return _icmp(one, family)


def _icmp(one: Icmp, family: Family) -> tuple[int, Values] | None:
    """None where the family has no such type."""
    if one.family not in (None, family):
        return None
    if one.type is None:
        return ICMP_PROTOCOL[family], EVERY_DETAIL
    number = (ICMP_TYPES if family == 4 else ICMPV6_TYPES).get(one.type)
    return None if number is None else (ICMP_PROTOCOL[family], (Range(number, number),))


class Rules:
    """The rules of one policy, by their place in it."""

    def __init__(self, policy: Policy, space: Space) -> None:
        self.rules = policy.rules
        self._space = space

    @cached_property
    def boxes(self) -> dict[Family, list[list[Box]]]:
        """What fits each rule. Raises TooLargeError."""
        return {family: [boxes(rule, family, self._space) for rule in self.rules] for family in FAMILIES}

    @cached_property
    def _earlier(self) -> dict[Family, list[list[int]]]:
        """The rules before each one that take all of what fits them, and may take something of it."""
        taking = [takes_all(rule) for rule in self.rules]
        return {family: earlier([_hull(one) for one in found], taking) for family, found in self.boxes.items()}

    def takers(self, number: int) -> list[int] | None:
        """The earlier rules that take all that fits a rule, those that do take something; None: something is left.

        Raises TooLargeError.
        """
        found: set[int] = set()
        for family in FAMILIES:
            fitting, before = self.boxes[family], self._earlier[family][number]
            taken = self._space.covered(fitting[number], [fitting[other] for other in before])
            if taken is None:
                return None
            found |= {before[place] for place in taken}
        return sorted(found)

    def admits(self, family: Family, query: Box, numbers: Iterable[int] | None = None) -> bool:
        """A rule accepts something of the query, as long as its limits allow. `numbers`: the rules that can matter.

        Raises TooLargeError.
        """
        before: list[list[Box]] = []
        for number in range(len(self.rules)) if numbers is None else numbers:
            rule = self.rules[number]
            found = [self._space.overlap(query, box) for box in self.boxes[family][number]]
            meeting = [box for box in found if box is not None]
            if not meeting:
                continue
            if rule.action is Action.ACCEPT:
                if self._space.covered(meeting, before) is None:
                    return True
            elif takes_all(rule):
                before.append(meeting)
        return False

    def offloads_all(self, family: Family, query: Box, numbers: Iterable[int] | None = None) -> Values:
        """The ports of a query, of one protocol, of which rules with `offload` that ask for nothing else accept everything.

        A port of which another rule matches something before is none of them. `numbers`: the rules that can matter.
        Raises TooLargeError.
        """
        found: list[Range] = []
        for number in range(len(self.rules)) if numbers is None else numbers:
            for box in self.boxes[family][number]:
                meeting = self._space.overlap(query, box)
                if meeting is None:
                    continue
                if asks_nothing(self.rules[number]) and meeting == query._replace(detail=meeting.detail):
                    found += meeting.detail
                query = query._replace(detail=self._space.rest(query.detail, meeting.detail))
        return merge(found)

    def may_accept(self, family: Family, query: Box, numbers: Iterable[int] | None = None) -> Values:
        """The ports of a query, of one protocol, of which some rule accepts something, whatever rules before it do.

        Raises TooLargeError.
        """
        found: list[Range] = []
        for number in range(len(self.rules)) if numbers is None else numbers:
            for box in self.boxes[family][number] if self.rules[number].action is Action.ACCEPT else ():
                meeting = self._space.overlap(query, box)
                found += meeting.detail if meeting is not None else ()
        return merge(found)


def _hull(found: list[Box]) -> tuple[Range, ...] | None:
    """The least and the greatest value of each field; None of nothing."""
    if not found:
        return None
    fields = zip(*found, strict=True)
    return tuple(Range(min(one[0].low for one in field), max(one[-1].high for one in field)) for field in fields)
