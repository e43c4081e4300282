"""Values by prefix, found by address: one lookup for each prefix length that occurs, however many prefixes there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Generic, TypeVar

from flowc.ir.addresses import WIDTH, Family, Prefix

T = TypeVar("T")


class PrefixMap(Generic[T]):
    """Any number of values for a prefix, in the order in which they were given."""

    def __init__(self, items: Iterable[tuple[Prefix, T]]) -> None:
        found: dict[tuple[Family, int], dict[int, list[T]]] = {}
        for (family, network, length), value in items:
            shift = WIDTH[family] - length
            found.setdefault((family, shift), {}).setdefault(network >> shift, []).append(value)
        self._by_family: dict[Family, list[tuple[int, dict[int, list[T]]]]] = {4: [], 6: []}
        for (family, shift), values in sorted(found.items(), key=lambda item: item[0]):
            self._by_family[family].append((shift, values))

    def covering(self, family: Family, address: int) -> Iterator[T]:
        """The values of all prefixes that hold an address, those of the longest one first."""
        for shift, values in self._by_family[family]:
            yield from values.get(address >> shift, ())

    def longest(self, family: Family, address: int) -> Sequence[T]:
        """The values of the longest prefix that holds an address."""
        for shift, values in self._by_family[family]:
            if found := values.get(address >> shift):
                return found
        return ()

    def find(self, family: Family, address: int) -> T | None:
        """The first one of the longest prefix that holds an address."""
        found = self.longest(family, address)
        return found[0] if found else None
