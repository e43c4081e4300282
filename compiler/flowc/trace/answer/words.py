"""Packets in the words of the language: `tcp {80, 443} to vm75`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from flowc.ir.addresses import Family, Range, format_address, format_range, prefixes, subtract
from flowc.ir.icmp import ICMP_PROTOCOL, ICMP_TYPES, ICMPV6_TYPES
from flowc.ir.network import Host
from flowc.ir.packet import EVERY_ICMP_TYPE, EVERY_PORT, EVERY_PROTOCOL, NUMBERS, REAL_PORTS, Packets, Values
from flowc.trace.answer.treatment import KEPT, Field, Place, place

MOST_ITEMS = 6
"""Of a set; of a longer one it is said how many are left out."""
PORTED = {number: name for name, number in NUMBERS.items()}
EVERY = (EVERY_PORT, REAL_PORTS)


class Words:
    """The names of a host for addresses."""

    def __init__(self, host: Host) -> None:
        self._host = host

    @cached_property
    def names(self) -> dict[tuple[Family, int], str]:
        """Endpoints by their addresses; not where two share one, as in two VRFs."""
        found: dict[tuple[Family, int], str] = {}
        twice: set[tuple[Family, int]] = set()
        columns = map(self._host.endpoints.column, ("name", "v4", "v6"))
        for name, v4, v6 in zip(*columns, strict=True):
            for family, address in ((4, v4), (6, v6)):
                if address is not None:
                    key: tuple[Family, int] = (6 if family == 6 else 4, address)
                    if found.setdefault(key, name) != name:
                        twice.add(key)
        for key in twice:
            del found[key]
        return found

    @cached_property
    def interfaces(self) -> dict[Place, str]:
        """Interfaces by what tells them from others."""
        return {place(self._host, one): name for name, one in self._host.interfaces.items()}

    def packets(self, box: Packets, whole: Packets, destination: Field = KEPT) -> str:
        """A set of packets; a field that holds all that `whole` has is not mentioned."""
        parts = [kinds(box, whole)]
        if box.destination != whole.destination or destination != KEPT:
            parts.append(f"to {self._destination(box, whole, destination)}")
        if box.source != whole.source:
            parts.append(f"from {self.addresses(box.family, box.source, whole.source)}")
        if box.source_port != whole.source_port and box.source_port not in EVERY and _has_ports(box.protocol):
            parts.append(f"source port {numbers(box.source_port)}")
        return " ".join(parts)

    def _destination(self, box: Packets, whole: Packets, field: Field) -> str:
        said = self.addresses(box.family, box.destination, whole.destination)
        name = self.names.get((box.family, field.to.low)) if field.to and field.to.low == field.to.high else None
        return said if name is None else f"{name} (as {said})"

    def addresses(self, family: Family, values: Values, whole: Values) -> str:
        """A name, an address, a set of prefixes and ranges; `all but ...` where that is shorter."""
        if values == whole:
            return self._set(family, values)
        missing = subtract(whole, values)
        if len(missing) < len(values) or (len(missing) == 1 and len(prefixes(family, values)) > MOST_ITEMS):
            return f"all but {self._set(family, missing)}"
        return self._set(family, values)

    def _set(self, family: Family, values: Values) -> str:
        return braced([text for one in values[: MOST_ITEMS * 2] for text in self._items(family, one)], len(values))

    def _items(self, family: Family, one: Range) -> Iterator[str]:
        if one.low == one.high:
            yield self.names.get((family, one.low)) or format_address(family, one.low)
            return
        found = prefixes(family, [one])
        if len(found) > 2:  # then a range says more
            yield format_range(family, *one)
            return
        for prefix in found:
            yield format_range(family, *prefix.range)


def kinds(box: Packets, whole: Packets) -> str:
    """`tcp {80, 443}`, `icmp echo-request`, `any`."""
    if box.protocol == EVERY_PROTOCOL and box.detail == whole.detail:
        return "any protocol"
    names = [text for one in box.protocol for text in _names(box.family, one)]
    detail = box.detail
    icmp = ICMP_PROTOCOL[box.family]
    if box.protocol == (Range(icmp, icmp),):
        if detail in (EVERY_ICMP_TYPE, (Range(0, 65535),)):
            return "icmp any"
        types = {number: name for name, number in (ICMP_TYPES if box.family == 4 else ICMPV6_TYPES).items()}
        return "icmp " + braced(
            [types.get(low, str(low)) if low == high else f"{low}-{high}" for low, high in detail], len(detail)
        )
    shown = braced(names, len(names)) if len(names) <= MOST_ITEMS else "other protocols"
    if not _has_ports(box.protocol) or detail in EVERY:
        return shown
    return f"{shown} {numbers(detail)}"


def _names(family: Family, one: Range) -> Iterator[str]:
    known = {**PORTED, ICMP_PROTOCOL[family]: "icmp"}
    if one.high - one.low < 3:
        for number in range(one.low, one.high + 1):
            yield known.get(number, f"protocol {number}")
    elif one == EVERY_PROTOCOL[0]:
        yield "any protocol"
    else:
        yield f"protocol {one.low}-{one.high}"


def _has_ports(protocols: Values) -> bool:
    return all(number in PORTED for low, high in protocols for number in (low, high))


def numbers(values: Values) -> str:
    """`80`, `{80, 443}`, `1024-65535`."""
    return braced([str(low) if low == high else f"{low}-{high}" for low, high in values], len(values))


def braced(items: Sequence[str], many: int) -> str:
    """As a set of the language, shortened."""
    if len(items) == 1 and many == 1:
        return items[0]
    more = max(many, len(items)) - MOST_ITEMS
    return "{" + ", ".join([*items[:MOST_ITEMS], *([f"... {more} more"] if more > 0 else [])]) + "}"


MOST_VALUES = 4


def any_of(texts: Iterable[str]) -> str:
    """One of several; of very many the first and how many more there are."""
    told = list(dict.fromkeys(texts))
    more = len(told) - MOST_VALUES
    return " or ".join([*told[:MOST_VALUES], *([f"one of {more} more"] if more > 0 else [])])


def field(family: Family, one: Field) -> str:
    """What an address becomes."""
    if one.unknown:
        return "an address that DHCP gives"
    if one.to is not None:
        return "-".join(format_address(family, value) for value in dict.fromkeys(one.to))
    return "as it came" if one.by is None else "the same machine's of another prefix"


def port(one: Field) -> str:
    """What a port becomes."""
    if one.to is not None:
        return "-".join(str(value) for value in dict.fromkeys(one.to))
    return "as it came" if one.by is None else f"moved by {one.by:+}"


def end(family: Family, address: Field, at: Field) -> str:
    """What an address and its port become."""
    return field(family, address) + ("" if at == KEPT else f", port {port(at)}")
