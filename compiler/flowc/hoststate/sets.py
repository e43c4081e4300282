"""Sets and maps of the nft table: what comes in many elements is one of these, and found in one lookup.

Elements are text in the form nft lists them, so that a state read back from the kernel compares equal.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from flowc.hoststate.routing import Family
from flowc.source import Span


@dataclass(frozen=True, slots=True)
class NftSet:
    """A named set, or a map where `value` is given.

    `key` and `value` are `typeof` expressions (`ct zone . ip daddr`), `value` may be `verdict`. The three lists run
    in parallel: the elements' keys, their values (empty for a set) and where they were declared.
    """

    name: str
    key: str
    value: str | None = None
    interval: bool = False
    keys: list[str] = field(default_factory=list)
    values: list[str] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list, compare=False)

    def add(self, key: str, span: Span, value: str | None = None) -> None:
        self.keys.append(key)
        self.spans.append(span)
        if value is not None:
            self.values.append(value)

    def __bool__(self) -> bool:
        return bool(self.keys)


@dataclass(frozen=True, slots=True)
class ByFamily:
    """The same set for both families."""

    v4: NftSet
    v6: NftSet

    def of(self, family: Family) -> NftSet:
        return self.v4 if family == 4 else self.v6

    def __bool__(self) -> bool:
        return bool(self.v4 or self.v6)

    def __iter__(self) -> Iterator[tuple[str, NftSet]]:
        """With nft's word for the family, those that have elements."""
        return ((word, one) for word, one in (("ip", self.v4), ("ip6", self.v6)) if one)


def by_family(name: str, key: str, value: str | None = None, *, interval: bool = False) -> ByFamily:
    """Two empty sets. `{ip}` in `key` and `value` is the family's word, `4` and `6` are appended to the name."""

    def make(family: Family) -> NftSet:
        word = "ip" if family == 4 else "ip6"
        return NftSet(
            f"{name}{family}",
            key.replace("{ip}", word),
            value.replace("{ip}", word) if value else None,
            interval,
        )

    return ByFamily(make(4), make(6))


@dataclass(frozen=True, slots=True)
class PlaceMap:
    """From where a packet comes from, or where it goes to, to a verdict.

    Mostly the device tells. On a shared tunnel device it takes the VRF besides, and on a wire that several zones share
    the address; these are looked up first.
    """

    whole: NftSet
    keys: NftSet
    """Shared device and VRF: by packet mark for what comes in, by conntrack zone for what goes out."""
    marked: NftSet
    """Going out, what was led into the VRF from elsewhere: by packet mark."""
    parts: ByFamily

    def __bool__(self) -> bool:
        return any(self.sets())

    def sets(self) -> tuple[NftSet, ...]:
        return (self.parts.v4, self.parts.v6, self.keys, self.marked, self.whole)


def incoming_map(name: str) -> PlaceMap:
    """An empty map of where packets come from."""
    return PlaceMap(
        whole=NftSet(name, "iifname", "verdict"),
        keys=NftSet(f"{name}_keys", "meta mark . iifname", "verdict"),
        marked=NftSet("", ""),
        parts=by_family(f"{name}_parts", "iifname . {ip} saddr", "verdict", interval=True),
    )


def outgoing_map(name: str) -> PlaceMap:
    """An empty map of where packets go to."""
    return PlaceMap(
        whole=NftSet(name, "oifname", "verdict"),
        keys=NftSet(f"{name}_keys", "ct zone . oifname", "verdict"),
        marked=NftSet(f"{name}_marked", "meta mark . oifname", "verdict"),
        parts=by_family(f"{name}_parts", "oifname . {ip} daddr", "verdict", interval=True),
    )
