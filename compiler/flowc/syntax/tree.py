"""The syntax tree: what was written, with the span of every part, and nothing that needs a second statement to know.

One node per construct. Names are not looked up, addresses are not read and ranges are not checked: resolution does
that, so that a bad address is an error about the address and not about the grammar. Blocks of options
(`interface`, `tunnel`, ...) keep their options as `Property` nodes in the order written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from flowc.source import Source, Span

# ---- leaves ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Name:
    """A name or, in `Property.key` and the like, a keyword. `text` is without quotes, `quoted` says if it had them."""

    text: str
    span: Span
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Number:
    value: int
    span: Span


@dataclass(frozen=True, slots=True)
class String:
    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Version:
    """A kernel version `6.1`."""

    major: int
    minor: int
    span: Span


@dataclass(frozen=True, slots=True)
class Address:
    """An address or prefix as written: `10.0.0.1`, `10.0.0.0/24`, `2001:db8::/32`; it may be wrong."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Mac:
    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class AddressRange:
    low: Address
    high: Address
    span: Span


@dataclass(frozen=True, slots=True)
class Set:
    """`{a, b}`: of addresses in an address position, of ports in a port position, of either in a `let`."""

    items: tuple[Value, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Negated:
    operand: Value
    span: Span


@dataclass(frozen=True, slots=True)
class PortRange:
    """`80` (then `high is low`) or `20000-29999`."""

    low: Number
    high: Number
    span: Span


Value: TypeAlias = Name | Number | String | Version | Address | Mac | AddressRange | Set | Negated | PortRange


@dataclass(frozen=True, slots=True)
class Property:
    """One option of a block: `mtu 1500` is key `mtu` with the values (Number 1500,).

    `vlan 10 on uplink` is key `vlan`, values (Number, Name); `type gretap` and other keyword values are Names.
    """

    key: Name
    values: tuple[Value, ...]
    span: Span


# ---- declarations ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Host:
    name: Name
    properties: tuple[Property, ...]
    body: tuple[Declaration, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Vrf:
    name: Name
    properties: tuple[Property, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Interface:
    name: Name
    properties: tuple[Property, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Tunnel:
    name: Name
    properties: tuple[Property, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Endpoint:
    name: Name
    properties: tuple[Property, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Neighbor:
    """`mac` is None for a `managed` neighbour."""

    address: Address | Name
    interface: Name
    mac: Mac | None
    span: Span


@dataclass(frozen=True, slots=True)
class NextHop:
    gateway: Address | Name
    interface: Name | None
    weight: Number | None
    span: Span


@dataclass(frozen=True, slots=True)
class Route:
    """Exactly one of `nexthops`, `interface` and `unreachable`/`blackhole` (in `kind`) says where it leads."""

    destination: Address | None
    """None is `default`."""
    nexthops: tuple[NextHop, ...]
    interface: Name | None
    kind: Name | None
    options: tuple[Property, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class ZoneMember:
    """`interface lan, wifi` or, for a part of a wire, `interface lan from 10.0.9.0/24`."""

    interfaces: tuple[Name, ...]
    source: Value | None
    span: Span


@dataclass(frozen=True, slots=True)
class Zone:
    name: Name
    members: tuple[ZoneMember, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Pool:
    name: Name
    prefixes: tuple[Address, ...]
    zone: Name
    span: Span


@dataclass(frozen=True, slots=True)
class Eip:
    public: Address
    target: Address | Name
    vrf: Name | None
    datapath: Name | None
    stateless: Name | None
    """The word, where it is written."""
    span: Span


@dataclass(frozen=True, slots=True)
class Table:
    """`eips from "eips.csv"`. Loading a file puts the rows in its place."""

    kind: Name
    file: String
    span: Span


@dataclass(frozen=True, slots=True)
class Match:
    """`tcp`, `tcp {80, 443}`, `icmp echo-request`, `protocol 47`: a protocol, and ports or an ICMP type."""

    protocol: Name
    argument: Value | None
    span: Span


@dataclass(frozen=True, slots=True)
class Service:
    """A `Name` among the matches refers to another service."""

    name: Name
    matches: tuple[Match | Name, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Let:
    name: Name
    value: Value
    span: Span


@dataclass(frozen=True, slots=True)
class Include:
    file: String
    span: Span


# ---- policies and translation ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause of a rule, in the order written.

    `from`/`to`: (operand,). `via`: (Name eip,). `limit`: (Number, Name unit, Number | None burst, Name | None source).
    `connections`: (Number, Name | None source). `log`: (), or (String | None, Number | None rate, Name | None unit,
    Number | None burst). `counter`, `offload`: (). `helper`: (Name,).
    """

    key: Name
    values: tuple[Value | None, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Rule:
    action: Name
    matches: tuple[Match | Name, ...]
    """Empty: any traffic."""
    clauses: tuple[Clause, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Policy:
    source: Name
    target: Name
    datapath: Name | None
    rules: tuple[Rule, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Snat:
    source: Value
    to: Address | AddressRange
    ports: PortRange | None
    span: Span


@dataclass(frozen=True, slots=True)
class Masquerade:
    source: Value | None
    ports: PortRange | None
    span: Span


@dataclass(frozen=True, slots=True)
class Socket:
    """`2.2.2.12:8080`, `[2001:db8::1]:80`, `vm75:80`, or without ports."""

    address: Address | Name
    ports: PortRange | None
    span: Span


@dataclass(frozen=True, slots=True)
class Dnat:
    """`protocols` is empty for a whole address: `dnat 2.2.2.13 -> vm75`."""

    protocols: tuple[Name, ...]
    public: Socket
    target: Socket
    span: Span


@dataclass(frozen=True, slots=True)
class Nat:
    source: Name
    target: Name
    rules: tuple[Snat | Masquerade | Dnat, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Forward:
    """A row of a `forwards` table: a port forward with the two zones of the `nat` block that could hold it."""

    source: Name
    target: Name
    rule: Dnat
    span: Span


# ---- tests ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PacketEnd:
    """`2.2.2.12:8080`, `[2001:db8::1]:80`, `{vm75, 10.0.0.0/24}:{80, 443}`, or without ports. `any` is a Name."""

    addresses: Value
    ports: Value | None
    span: Span


@dataclass(frozen=True, slots=True)
class Packet:
    """`origin` is None where nothing says from where, which is an error."""

    protocol: Match
    source: PacketEnd
    destination: PacketEnd
    origin: Name | None
    span: Span


@dataclass(frozen=True, slots=True)
class Expectation:
    """`destination` and `source` have a Socket, `key` a Number, `rule` a String; `negated` is `not` before `offload` or `key`."""

    key: Name
    value: Socket | Number | String | None
    negated: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Test:
    name: String
    steps: tuple[Packet | Expectation, ...]
    span: Span


Row: TypeAlias = Endpoint | Neighbor | Route | Eip | Forward
"""What a file may have 100,000 of."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Plain rows of one kind by column, for what would be 100,000 nodes with a dozen parts each.

    A column holds texts as written, None where a row has no such part. The columns are those of a table of this kind
    (flowc.syntax.rows). Nothing is lost: `node` is the whole node of a row, with the span of each part.
    """

    kind: type[Row]
    source: Source
    starts: Sequence[int]
    """The offset of each row."""
    ends: Sequence[int]
    columns: Mapping[str, Sequence[Any]]
    read: Callable[[Span], Row]
    """Reads the row at a place once more."""

    def __len__(self) -> int:
        return len(self.starts)

    def node(self, index: int) -> Any:  # noqa: ANN401 - a node of `kind`
        """A row as if it had been read alone."""
        return self.read(Span(self.source, self.starts[index], self.ends[index]))

    def nodes(self) -> list[Row]:
        """All rows as nodes."""
        return [self.node(index) for index in range(len(self))]

    def index(self, name: str) -> int:
        """The first row with this text in the column `name`. Raises KeyError."""
        return self._by_name[name]

    @cached_property
    def _by_name(self) -> dict[str | None, int]:
        names = self.columns["name"]
        return {name: index for index, name in zip(range(len(names) - 1, -1, -1), reversed(names), strict=True)}

    @property
    def span(self) -> Span:
        """From the first row to the last one; statements of other kinds may stand between them."""
        return Span(self.source, self.starts[0], self.ends[-1])


Declaration: TypeAlias = (
    Rows
    | Vrf
    | Interface
    | Tunnel
    | Endpoint
    | Neighbor
    | Route
    | Zone
    | Pool
    | Eip
    | Table
    | Service
    | Let
    | Include
    | Policy
    | Nat
    | Forward
    | Test
)
Statement: TypeAlias = Host | Declaration


@dataclass(frozen=True, slots=True)
class File:
    """One parsed file with all it includes. Statements that are `Rows` stand before others that were among them.

    What had a syntax error is left out of `statements`; the diagnostics tell of it. So that nothing is reported as a
    consequence of that (an option that seems to be missing, a name that seems to be unknown), `broken` says where it
    stood and `broken_words` which words it had.
    """

    source: Source
    statements: tuple[Statement, ...]
    broken: tuple[Span, ...] = ()
    broken_words: frozenset[str] = frozenset()
    incomplete: bool = False
    """A whole file of it could not be read: it may have declared any name."""
    included: tuple[Source, ...] = ()
    """The texts of the files and tables that it includes."""

    def may_declare(self, name: str) -> bool:
        """True if text that was left out may have declared this name, so that it must not be called unknown."""
        return self.incomplete or name in self.broken_words

    def is_damaged(self, span: Span) -> bool:
        """True if something inside (of a block, say) was left out because of a syntax error."""
        return any(hole.source is span.source and span.start <= hole.start < span.end for hole in self.broken)
