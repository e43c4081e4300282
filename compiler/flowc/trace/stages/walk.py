"""A packet on its way, and beside it all packets that have been treated the same so far.

Whatever is asked of the packet narrows these to those of which the answer is the same. So the way of one packet tells
which others go it, and a set of packets is traced by as many packets as there are ways.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import cached_property
from typing import Literal, NamedTuple, TypeAlias

from flowc.ir.addresses import Range, intersect, merge, subtract
from flowc.ir.packet import Packet, Packets, Values
from flowc.source import Span
from flowc.trace.model import Passed, Stage, Step

Field: TypeAlias = Literal["protocol", "detail", "source_port", "destination", "source"]

MOST_RANGES = 256
"""Of a set that is taken as a whole. Of a larger one only the range, or the gap, that the packet's value is in."""

END = 1 << 129
"""Beyond every value."""


class Cuts:
    """Where the answers to a question change along one field.

    Between two cuts the answer is the same; so it is where `answer` says the same of values that are further apart.
    """

    def __init__(self, ranges: Iterable[Range], answer: Callable[[int], Hashable]) -> None:
        self._firsts = sorted({0, *(edge for low, high in ranges for edge in (low, high + 1))})
        self._answer = answer

    def around(self, value: int) -> Values:
        """All values that are answered like this one; of many ranges only the one that it is in."""
        if len(self._firsts) <= MOST_RANGES:
            return self._alike[self._answer(value)]
        place = bisect_right(self._firsts, value) - 1
        return (self._range(place),)

    def _range(self, place: int) -> Range:
        return Range(self._firsts[place], self._firsts[place + 1] - 1 if place + 1 < len(self._firsts) else END)

    @cached_property
    def _alike(self) -> dict[Hashable, Values]:
        found: dict[Hashable, list[Range]] = {}
        for place, first in enumerate(self._firsts):
            found.setdefault(self._answer(first), []).append(self._range(place))
        return {answer: merge(ranges) for answer, ranges in found.items()}


def holds_value(values: Sequence[Range], value: int) -> bool:
    """A number is in sorted ranges."""
    place = bisect_right(values, (value, END)) - 1
    return place >= 0 and values[place].high >= value


class Rewrite(NamedTuple):
    """What translation did: a field's value now, less what it was."""

    destination: int = 0
    detail: int = 0


class Walk:
    """The packet as it is now, the packets as they came in, and what has been decided."""

    def __init__(self, packet: Packet, among: Packets) -> None:
        self.packet = packet
        self.came = packet
        self.steps: list[Step] = []
        self._among: dict[str, Values] = among._asdict()
        self._shift = Rewrite()
        self.translated = False
        """Its destination is not what it was addressed to."""

    @property
    def packets(self) -> Packets:
        """All that went the same way until here, as they came in."""
        return Packets(**self._among)  # type: ignore[arg-type]

    def within(self, field: Field, values: Values, *, as_it_came: bool = False) -> bool:
        """The packet's value is in a set: that which it has now, or had before it was translated."""
        value = getattr(self.came if as_it_came else self.packet, field)
        by = 0 if as_it_came else getattr(self._shift, field, 0)
        inside = holds_value(values, value)
        if len(values) > MOST_RANGES:
            self._narrow(field, (_around(values, value),), by)
        else:
            self._narrow(field, values, by, outside=not inside)
        return inside

    def equals(self, field: Field, value: int) -> bool:
        """The packet's value is this one."""
        return self.within(field, (Range(value, value),))

    def cut(self, field: Field, cuts: Cuts) -> int:
        """The packet's value; the packets beside it have none beyond the next cut."""
        value: int = getattr(self.packet, field)
        self._narrow(field, cuts.around(value), getattr(self._shift, field, 0))
        return value

    def exactly(self, field: Field) -> int:
        """The packet's value, which all packets beside it have."""
        value: int = getattr(self.packet, field)
        self._narrow(field, (Range(value, value),), getattr(self._shift, field, 0))
        return value

    def translate(self, destination: int, port: int | None = None) -> None:
        """Give the packet another destination; all beside it are moved by as much."""
        shift = Rewrite(
            self._shift.destination + destination - self.packet.destination,
            self._shift.detail + (0 if port is None else port - self.packet.detail),
        )
        detail = self.packet.detail if port is None else port
        self.packet = self.packet._replace(destination=destination, detail=detail)
        self._shift = shift
        self.translated = True

    def step(self, stage: Stage, text: str, span: Span | None = None, passed: Iterable[Passed] = ()) -> None:
        """Say what was decided."""
        self.steps.append(Step(stage, text, span, tuple(passed)))

    def _narrow(self, field: Field, values: Values, by: int, *, outside: bool = False) -> None:
        """To values that have been moved by so much."""
        moved = tuple(Range(low - by, high - by) for low, high in values) if by else values
        have = self._among[field]
        self._among[field] = subtract(have, moved) if outside else intersect(have, moved)


def _around(values: Sequence[Range], value: int) -> Range:
    """The range that holds a value, or the gap between two that does."""
    place = bisect_right(values, (value, END)) - 1
    if place >= 0 and values[place].high >= value:
        return values[place]
    low = values[place].high + 1 if place >= 0 else 0
    return Range(low, values[place + 1].low - 1 if place + 1 < len(values) else END)
