"""A network while it is drawn: what there is of it, and the lines of the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TypeVar

from hypothesis import strategies as st

T = TypeVar("T")

Net = IPv4Network | IPv6Network


@dataclass(slots=True)
class Link:
    """An interface, or a tunnel."""

    name: str
    nets: tuple[Net, ...]
    """Its networks; the host is the first address of each."""
    vrf: str | None = None
    ethernet: bool = True
    carrier: bool = False
    """It is there for what stands on it."""
    key: bool = False
    """It goes over a shared tunnel."""
    uplink: bool = False
    zone: str | None = None

    def net(self, version: int) -> Net | None:
        return next((net for net in self.nets if net.version == version), None)


@dataclass(slots=True)
class Machine:
    """An endpoint."""

    name: str
    link: Link
    addresses: tuple[str, ...]


@dataclass
class Drawing:
    """`draw` is Hypothesis's. Everything that is drawn later may use what is here."""

    draw: st.DrawFn
    loadable: bool
    """Only what a kernel without special hardware takes."""
    known: bool = False
    """`datapath tc`, and all said that tc has to know of machines, ways out and sources: so that it takes most of them."""
    lines: list[str] = field(default_factory=list)
    parted: bool = False
    """Into several files: rows may be in tables."""
    rows: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    """Of tables, with the fields by column."""
    links: list[Link] = field(default_factory=list)
    machines: list[Machine] = field(default_factory=list)
    vrfs: list[str] = field(default_factory=list)
    zones: dict[str, list[Link]] = field(default_factory=dict)
    ports: list[str] = field(default_factory=list)
    """Names of services."""
    named_ports: list[str] = field(default_factory=list)
    """Of `let`s."""
    names: dict[int, str] = field(default_factory=dict)
    """Of a `let` for each IP version."""
    pools: list[int] = field(default_factory=list)
    """The IP versions that there is a pool of."""
    public: int = 10
    """The last byte of the next public address."""

    def one(self, items: Sequence[T]) -> T:
        return self.draw(st.sampled_from(items))

    def maybe(self) -> bool:
        """Shrinks to no."""
        return self.draw(st.booleans())

    def mostly(self) -> bool:
        """Shrinks to no."""
        return self.draw(st.integers(0, 3)) > 0

    def sometimes(self) -> bool:
        """Shrinks to no."""
        return self.draw(st.integers(0, 2)) == 2

    def rarely(self) -> bool:
        return self.draw(st.integers(0, 5)) == 5

    def number(self, low: int, high: int) -> int:
        return self.draw(st.integers(low, high))

    def some(self, items: Sequence[T], most: int) -> list[T]:
        """Different ones, in their order."""
        if not items:
            return []
        chosen = self.draw(st.sets(st.integers(0, len(items) - 1), max_size=min(most, len(items))))
        return [items[place] for place in sorted(chosen)]

    def say(self, line: str) -> None:
        self.lines.append(line)

    def say_row(self, table: str, statement: str, **fields: str) -> None:
        """A statement that could be a row of a table, and is one now and then."""
        if self.parted and self.maybe():
            self.rows.setdefault(table, []).append(fields)
        else:
            self.say(statement)

    def quoted(self, name: str) -> str:
        """As it stands in the file."""
        return f'"{name}"' if self.draw(st.integers(0, 11)) == 11 else name

    def inside(self) -> list[Link]:
        """Where machines may be."""
        return [link for link in self.links if link.nets and not link.carrier and not link.uplink]

    def uplinks(self) -> list[Link]:
        return [link for link in self.links if link.uplink]

    def public4(self) -> str:
        self.public += 1
        return f"203.0.113.{self.public}"

    def public6(self) -> str:
        self.public += 1
        return f"2001:db8:ff::{self.public:x}"

    def any_public(self, version: int) -> str:
        return self.public4() if version == 4 else self.public6()


def networks(number: int, *, v4: bool, v6: bool) -> tuple[Net, ...]:
    """Those of the link with this number."""
    found: list[Net] = [ip_network(f"10.{number}.0.0/24")] if v4 else []
    return (*found, ip_network(f"fd00:{number:x}::/64")) if v6 else tuple(found)


def host_of(net: Net, number: int) -> str:
    """An address on a network."""
    return str(net[number])


def block(head: str, items: Sequence[str]) -> str:
    """On one line."""
    inner = "; ".join(item for item in items if item)
    return f"{head} {{ {inner} }}" if inner else f"{head} {{}}"
