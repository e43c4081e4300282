"""Whether the MAC addresses that loaded tc filters write are those that devices and machines have.

Nothing else shows a wrong one: the filter counts the packets, and they are lost behind it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from flowc.delta.filters import FILTER
from flowc.hoststate.macs import lacking, references, written
from flowc.hoststate.tc import FlowerFilter, MacOfDevice, MacOfNeighbor, Munge, Pedit, Reference
from flowc.source import Span
from flowc.verify.model import Part, Row, State


@dataclass(frozen=True, slots=True)
class Written:
    """One address that filters of the file write or need."""

    reference: Reference
    has: str | None
    """What it is now; None if it is not known."""
    loaded: tuple[str, ...]
    """What loaded filters write in its place, each once."""
    is_written: bool
    """A filter shall write it."""
    span: Span


def compare(
    wanted: Iterable[FlowerFilter], loaded: Iterable[FlowerFilter], known: Mapping[Reference, str]
) -> tuple[Written, ...]:
    """Each address once, in the order of the filters."""
    wanted = tuple(wanted)
    there = {FILTER.key(one): one for one in loaded}
    values: dict[Reference, dict[str, None]] = defaultdict(dict)
    spans: dict[Reference, Span] = {}
    to_write: set[Reference] = set()
    for one in wanted:
        for reference in references([one]):
            spans.setdefault(reference, one.span)
        to_write.update(written(one))
        if written(one) and FILTER.key(one) in there:
            for reference, value in _pairs(one, there[FILTER.key(one)]):
                values[reference].setdefault(value)
    return tuple(
        Written(one, known.get(one), tuple(values[one]), one in to_write, spans[one]) for one in references(wanted)
    )


def _pairs(wanted: FlowerFilter, loaded: FlowerFilter) -> Iterator[tuple[Reference, str]]:
    """What each address became."""
    fields = {munge.field: munge.value for munge in _munges(loaded)}
    for field, value in _munges(wanted):
        there = fields.get(field)
        if isinstance(value, MacOfDevice | MacOfNeighbor) and isinstance(there, str):
            yield value, there


def _munges(one: FlowerFilter) -> Iterator[Munge]:
    return (munge for action in one.actions if isinstance(action, Pedit) for munge in action.munges)


def macs(found: Iterable[Written]) -> Iterator[Row]:
    """A row for each."""
    for one in found:
        state, why, help_ = _judged(one)
        reference = one.reference
        what = (
            f"{reference.address} dev {reference.device}" if isinstance(reference, MacOfNeighbor) else reference.device
        )
        part = Part.NEIGHBORS if isinstance(reference, MacOfNeighbor) else Part.DEVICES
        yield Row(part, state, f"{what} (tc filters)", why, help_, one.span if state is not State.OK else None)


def _judged(one: Written) -> tuple[State, str, str | None]:
    wrong = ", ".join(mac for mac in one.loaded if mac != one.has)
    mend = "`flowc apply` mends it, `flowc apply --follow` does so whenever it changes"
    if wrong and one.has is None:
        return State.WRONG, f"tc filters send to {wrong}, and nothing says that it is still there", mend
    if wrong:
        return State.WRONG, f"tc filters write {wrong}, and it has {one.has}: what they send is lost", mend
    if one.has is None:
        return State.UNKNOWN, lacking(one.reference), None
    if one.is_written and not one.loaded:
        return State.WRONG, "its MAC address is known, and no tc filter writes it: flows stay in nft", mend
    return State.OK, "tc filters write the MAC address that it has", None
