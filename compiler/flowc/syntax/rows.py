"""Records of a CSV file to tree nodes: the same nodes as for the same thing written as a statement.

So there is one set of rules for both, that of resolution. What stands here is what the grammar says of a statement:
which columns a table has, which of them may be empty, and whether a field looks like an address, a number or a name.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from flowc.diagnostics import Diagnostics
from flowc.source import Source, Span
from flowc.syntax import tree
from flowc.syntax.build import Builder
from flowc.syntax.bulk import by_column
from flowc.syntax.lalr import automaton
from flowc.syntax.scan import Word
from flowc.syntax.table import Cell, Record, Table, Unfit
from flowc.syntax.wording import SHOWN_KINDS, listed, shown

PROTOCOLS = ("tcp", "udp", "sctp", "udplite")
"""Those with ports, as rule `protocol` of the grammar has them."""
DATAPATHS = ("nft", "tc")
STATELESS = "stateless"

Row = tree.Endpoint | tree.Neighbor | tree.Route | tree.Eip | tree.Forward


class Kind(NamedTuple):
    """A kind of table: its columns, and what a record of it is."""

    required: tuple[str, ...]
    optional: tuple[str, ...]
    build: Callable[[Record], Row]


def rows(kind: str, source: Source, diagnostics: Diagnostics) -> tree.File:
    """The rows of a CSV file as if they had been written as statements. What is wrong is reported and left out."""
    required, optional, build = KINDS[kind]
    table = Table(source, required, optional, diagnostics)
    plain = _Plain(kind, table)
    found: list[tree.Statement] = []
    for record in table.records(plain.take):
        found += plain.taken()
        try:
            found.append(build(record))
        except Unfit as unfit:
            table.reject(unfit, record.span)
    found += plain.taken()
    words = frozenset(word.strip(' "') for span in table.broken for word in span.text.split(","))
    return tree.File(source, tuple(found), tuple(table.broken), words, incomplete=table.unread)


# ---- plain rows -----------------------------------------------------------------------------------------------------

_TEXT = r'[^\s",]+'
_PORTS = "[1-9][0-9]{0,4}(?:-[1-9][0-9]{0,4})?"
_PLAIN_FIELDS = {
    "name": _TEXT,
    "address": "IPADDR",
    "address6": "IPADDR",
    "interface": _TEXT,
    "mac": "MACADDR",
    "target": _TEXT,
    "vrf": _TEXT,
    "datapath": "|".join(DATAPATHS),
    "stateless": STATELESS,
    "destination": "default|IPADDR",
    "via": _TEXT,
    "metric": "INT",
    "protocol": "|".join(PROTOCOLS),
    "ports": _PORTS,
    "target_ports": _PORTS,
    "from": _TEXT,
    "to": _TEXT,
}
"""What a plain field is: a kind of word, or a text without spaces and quotes."""
_PLAIN_KINDS: dict[str, type[Row]] = {
    "eips": tree.Eip,
    "endpoints": tree.Endpoint,
    "neighbors": tree.Neighbor,
    "routes": tree.Route,
    "forwards": tree.Forward,
}
_PLAIN_NEEDS = frozenset({"via", "protocol", "ports"})
"""Columns that a row may do without, and a plain one may not."""


class _Plain:
    """Takes the plain lines of a file, to keep them by column."""

    def __init__(self, kind: str, table: Table) -> None:
        self._kind = kind
        self._table = table
        self._pattern: re.Pattern[str] | None = None
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._records: list[tuple[str | None, ...]] = []

    def take(self, start: int, end: int) -> bool:
        """True if the line is plain."""
        pattern = self._pattern or self._expression()
        match = pattern.fullmatch(self._table.source.text, start, end)
        if match is None:
            return False
        self._starts.append(start)
        self._ends.append(end)
        self._records.append(match.groups())
        return True

    def taken(self) -> list[tree.Rows]:
        """The lines taken since the last time."""
        if not self._records:
            return []
        columns = by_column(tuple(self._table.columns), self._records)
        kind, nothing = KINDS[self._kind], (None,) * len(self._records)
        columns = {name: columns.get(name, nothing) for name in (*kind.required, *kind.optional)}
        found = tree.Rows(_PLAIN_KINDS[self._kind], self._table.source, self._starts, self._ends, columns, self._read)
        self._starts, self._ends, self._records = [], [], []
        return [found]

    def _read(self, place: Span) -> Row:
        return KINDS[self._kind].build(self._table.record(place))

    def _expression(self) -> re.Pattern[str]:
        """A plain line of this file; nothing matches where there is none."""
        columns, kind = self._table.columns, KINDS[self._kind]
        needed = {*kind.required, *_PLAIN_NEEDS.intersection(kind.optional)}
        fields = [
            f"({automaton().scanner.expressions(_PLAIN_FIELDS[name])})" + ("" if name in needed else "?")
            for name in columns
            if name in _PLAIN_FIELDS
        ]
        possible = needed <= columns.keys()
        self._pattern = re.compile(",".join(fields) if possible else "(?!)")
        return self._pattern


# ---- fields ---------------------------------------------------------------------------------------------------------


@cache
def _looks() -> Callable[[str], str | None]:
    """What kind of word a field would be in a .flow file, by the grammar's own terminals."""
    return automaton().scanner.kind


def _unfit(cell: Cell, wanted: str, help: str | None = None) -> Unfit:
    return Unfit(cell.span, f"expected {wanted}, found {shown(cell.text)}", help)


def _name(cell: Cell) -> tree.Name:
    return tree.Name(cell.text, cell.span)


def _optional_name(cell: Cell | None) -> tree.Name | None:
    return None if cell is None else tree.Name(cell.text, cell.span)


def _address(cell: Cell) -> tree.Address:
    if _looks()(cell.text) != "IPADDR":
        raise _unfit(cell, SHOWN_KINDS["IPADDR"])
    return tree.Address(cell.text, cell.span)


def _address_or_name(cell: Cell) -> tree.Address | tree.Name:
    return (tree.Address if _looks()(cell.text) == "IPADDR" else tree.Name)(cell.text, cell.span)


def _mac(cell: Cell) -> tree.Mac:
    if _looks()(cell.text) != "MACADDR":
        colons = cell.text.replace("-", ":")
        right = f"write `{colons}`" if _looks()(colons) == "MACADDR" else None
        raise _unfit(cell, SHOWN_KINDS["MACADDR"], right)
    return tree.Mac(cell.text, cell.span)


def _number(text: str, span: Span, cell: Cell, wanted: str) -> tree.Number:
    if _looks()(text) != "INT":
        raise _unfit(cell, wanted)
    return Builder().number([Word.make("INT", text, span)])


def _ports(cell: Cell) -> tree.PortRange:
    """`80` or `20000-29999`."""
    source, start, end = cell.span
    low, dash, high = cell.text.partition("-")
    wanted = "a port or a range of ports such as 20000-29999"
    first = _number(low, Span(source, start, start + len(low)), cell, wanted)
    last = _number(high, Span(source, end - len(high), end), cell, wanted) if dash else first
    return tree.PortRange(first, last, cell.span)


def _property(record: Record, column: str, *values: tree.Value) -> tree.Property:
    """An option of a block; its keyword is the heading of the column."""
    key = record.heading(column)
    return tree.Property(tree.Name(key.text, key.span), values, values[0].span)


# ---- rows -----------------------------------------------------------------------------------------------------------


def _endpoint(record: Record) -> tree.Endpoint:
    name, other, mac = _name(record.need("name")), record.get("address6"), record.get("mac")
    addresses = [_address(record.need("address"))]
    if other:
        addresses.append(_address(other))
    properties = [
        _property(record, "address", *addresses),
        _property(record, "interface", _name(record.need("interface"))),
    ]
    if mac:
        properties.append(_property(record, "mac", _mac(mac)))
    return tree.Endpoint(name, tuple(properties), record.span)


def _neighbor(record: Record) -> tree.Neighbor:
    mac = record.get("mac")
    address, interface = _address_or_name(record.need("address")), _name(record.need("interface"))
    return tree.Neighbor(address, interface, _mac(mac) if mac else None, record.span)


def _route(record: Record) -> tree.Route:
    destination, via, interface = record.need("destination"), record.get("via"), record.get("interface")
    if via is None and interface is None:
        help = "`unreachable` and `blackhole` routes, and those with several next hops, are written as statements"
        raise Unfit(record.span, "the route has neither a `via` nor an `interface`", help)
    nexthop = None if via is None else tree.NextHop(_address_or_name(via), _optional_name(interface), None, via.span)
    options = []
    if vrf := record.get("vrf"):
        options.append(_property(record, "vrf", _name(vrf)))
    if metric := record.get("metric"):
        options.append(_property(record, "metric", _number(*metric, metric, "a number")))
    return tree.Route(
        None if destination.text == "default" else _address(destination),
        (nexthop,) if nexthop else (),
        None if nexthop else _optional_name(interface),
        None,
        tuple(options),
        record.span,
    )


def _eip(record: Record) -> tree.Eip:
    public, target = _address(record.need("address")), _address_or_name(record.need("target"))
    datapath = record.get("datapath")
    if datapath is not None and datapath.text not in DATAPATHS:
        raise _unfit(datapath, listed([f"`{one}`" for one in DATAPATHS]))
    stateless = record.get("stateless")
    if stateless is not None and stateless.text != STATELESS:
        raise _unfit(stateless, f"`{STATELESS}` or nothing")
    vrf, taker, word = map(_optional_name, (record.get("vrf"), datapath, stateless))
    return tree.Eip(public, target, vrf, taker, word, record.span)


def _forward(record: Record) -> tree.Forward:
    protocol, ports, target_ports = record.get("protocol"), record.get("ports"), record.get("target_ports")
    public = tree.Socket(_address(record.need("address")), *_place(ports, record.need("address")))
    target = tree.Socket(_address_or_name(record.need("target")), *_place(target_ports, record.need("target")))
    if protocol is None and (stray := ports or target_ports):
        help = "fill in the `protocol`, or leave all ports out to forward the whole address"
        raise Unfit(stray.span, "ports of no protocol", help)
    if protocol is not None and protocol.text not in PROTOCOLS:
        raise _unfit(protocol, listed([f"`{one}`" for one in PROTOCOLS]))
    if protocol is not None and ports is None:
        raise Unfit(record.span, f"a port forward of {protocol.text} needs its `ports`")
    protocols = () if protocol is None else (_name(protocol),)
    rule = tree.Dnat(protocols, public, target, record.span)
    return tree.Forward(_name(record.need("from")), _name(record.need("to")), rule, record.span)


def _place(ports: Cell | None, address: Cell) -> tuple[tree.PortRange | None, Span]:
    """The ports of a socket, and what to underline of it: the columns may stand far apart."""
    return (None, address.span) if ports is None else (_ports(ports), ports.span)


KINDS = {
    "eips": Kind(("address", "target"), ("vrf", "datapath", "stateless"), _eip),
    "endpoints": Kind(("name", "address", "interface"), ("address6", "mac"), _endpoint),
    "neighbors": Kind(("address", "interface"), ("mac",), _neighbor),
    "routes": Kind(("destination",), ("via", "interface", "vrf", "metric"), _route),
    "forwards": Kind(("address", "target", "from", "to"), ("protocol", "ports", "target_ports"), _forward),
}
"""By the word that starts the statement."""
