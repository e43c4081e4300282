"""From grammar rules to tree nodes: one method per rule of flow.lark, called while parsing.

A method gets the parts of its rule in order: words (keywords, punctuation, separators) and the nodes of inner rules;
None stands for an optional part that is not there. Nothing here can fail or report: what the grammar admits has a node.
"""

from __future__ import annotations

from typing import TypeAlias, TypeVar

from flowc.source import Span
from flowc.syntax import tree
from flowc.syntax.bulk import RowsWord
from flowc.syntax.scan import Word

Node: TypeAlias = (
    tree.Value
    | tree.Property
    | tree.Statement
    | tree.ZoneMember
    | tree.NextHop
    | tree.Match
    | tree.Clause
    | tree.Rule
    | tree.Snat
    | tree.Masquerade
    | tree.Dnat
    | tree.Socket
    | tree.PacketEnd
    | tree.Packet
    | tree.Expectation
    | tuple[tree.Rows, ...]
)
Parts: TypeAlias = list[Word | Node | None]

T = TypeVar("T")

_CONNECTORS = frozenset({"on"})
"""Keywords inside an option that stand between its values and are none themselves."""
_MAX_DIGITS = 20


def _span(parts: Parts) -> Span:
    present = [part for part in parts if part is not None and not isinstance(part, tuple)]
    return present[0].span.to(present[-1].span)


def _all(kind: type[T], parts: Parts) -> tuple[T, ...]:
    return tuple([part for part in parts if isinstance(part, kind)])


def _first(kind: type[T], parts: Parts) -> T | None:
    return next((part for part in parts if isinstance(part, kind)), None)


def _the(kind: type[T], parts: Parts, index: int = 0) -> T:
    """The part of that type which the grammar guarantees."""
    return _all(kind, parts)[index]


def _values(parts: Parts) -> tuple[tree.Value, ...]:
    return tuple([part for part in parts if isinstance(part, tree.Value)])


def _behind(word: str, parts: Parts) -> Word | Node | None:
    """The part behind a keyword; None without the keyword."""
    places = [index for index, part in enumerate(parts) if isinstance(part, Word) and part == word]
    return parts[places[0] + 1] if places else None


def _name_behind(word: str, parts: Parts) -> tree.Name | None:
    part = _behind(word, parts)
    return part if isinstance(part, tree.Name) else None


def _keyword(parts: Parts, index: int = 0) -> tree.Name:
    word = _the(Word, parts, index)
    return tree.Name(str(word), word.span)


def _integer(text: str) -> int:
    """The value of a number, however long: Python refuses to convert more than 4300 digits, and so must no file.

    A number of more than 20 digits reads as its first 20: that is out of every range all the same.
    """
    if text.startswith("0x"):
        return int(text[2:].lstrip("0")[:_MAX_DIGITS] or "0", 16)
    return int(text.lstrip("0")[:_MAX_DIGITS] or "0")


class Builder:
    """The methods that lark calls, by the rules' names, and no others: lark would take them for rules, too."""

    # ---- values -------------------------------------------------------------------------------------------------

    def name(self, parts: Parts) -> tree.Name:
        word = _the(Word, parts)
        if word.type == "STRING":
            return tree.Name(word[1:-1], word.span, quoted=True)
        return tree.Name(str(word), word.span)

    icmp_type = name

    def string(self, parts: Parts) -> tree.String:
        word = _the(Word, parts)
        return tree.String(word[1:-1], word.span)

    def number(self, parts: Parts) -> tree.Number:
        word = _the(Word, parts)
        return tree.Number(_integer(word), word.span)

    def version(self, parts: Parts) -> tree.Version:
        word = _the(Word, parts)
        major, minor = word.split(".")
        return tree.Version(_integer(major), _integer(minor), word.span)

    def address(self, parts: Parts) -> tree.Address:
        word = _the(Word, parts)
        return tree.Address(str(word), word.span)

    def mac(self, parts: Parts) -> tree.Mac:
        word = _the(Word, parts)
        return tree.Mac(str(word), word.span)

    def address_range(self, parts: Parts) -> tree.AddressRange:
        low, high = _all(tree.Address, parts)
        return tree.AddressRange(low, high, _span(parts))

    def port_range(self, parts: Parts) -> tree.PortRange:
        bounds = _all(tree.Number, parts)
        return tree.PortRange(bounds[0], bounds[-1], _span(parts))

    def address_set(self, parts: Parts) -> tree.Set:
        return tree.Set(_values(parts), _span(parts))

    let_set = port_set = address_set

    def negated(self, parts: Parts) -> tree.Negated:
        return tree.Negated(_values(parts)[0], _span(parts))

    # ---- hosts and links ----------------------------------------------------------------------------------------

    def host(self, parts: Parts) -> tree.Host:
        name, properties = _head(parts)
        declared = [one for one in _statements(parts) if isinstance(one, tree.Declaration)]
        return tree.Host(name, properties, tuple(declared), _span(parts))

    def host_property(self, parts: Parts) -> tree.Property:
        """Any option of any block: its keyword, then its values; a keyword among the values is a Name."""
        values: list[tree.Value] = []
        for part in parts[1:]:
            if isinstance(part, Word):
                if part.type != "_COMMA" and part not in _CONNECTORS:
                    values.append(tree.Name(str(part), part.span))
            elif isinstance(part, tree.Value):
                values.append(part)
        return tree.Property(_keyword(parts), tuple(values), _span(parts))

    vrf_property = interface_property = tunnel_property = endpoint_property = route_option = host_property

    def vrf(self, parts: Parts) -> tree.Vrf:
        return tree.Vrf(*_head(parts), _span(parts))

    def interface(self, parts: Parts) -> tree.Interface:
        return tree.Interface(*_head(parts), _span(parts))

    def tunnel(self, parts: Parts) -> tree.Tunnel:
        return tree.Tunnel(*_head(parts), _span(parts))

    def endpoint(self, parts: Parts) -> tree.Endpoint:
        return tree.Endpoint(*_head(parts), _span(parts))

    def neighbor(self, parts: Parts) -> tree.Neighbor:
        interface = _all(tree.Name, parts)[-1]
        return tree.Neighbor(_address_or_name(parts), interface, _first(tree.Mac, parts), _span(parts))

    def nexthop(self, parts: Parts) -> tree.NextHop:
        interface = _name_behind("on", parts)
        return tree.NextHop(_address_or_name(parts), interface, _first(tree.Number, parts), _span(parts))

    def route(self, parts: Parts) -> tree.Route:
        kinds = [word for word in _all(Word, parts) if word in {"unreachable", "blackhole"}]
        return tree.Route(
            _first(tree.Address, parts),
            _all(tree.NextHop, parts),
            _first(tree.Name, parts),
            tree.Name(str(kinds[0]), kinds[0].span) if kinds else None,
            _all(tree.Property, parts),
            _span(parts),
        )

    # ---- zones, pools and names for values ----------------------------------------------------------------------

    def zone_member(self, parts: Parts) -> tree.ZoneMember:
        source = _behind("from", parts)
        interfaces = tuple([name for name in _all(tree.Name, parts) if name is not source])
        return tree.ZoneMember(interfaces, source if isinstance(source, tree.Value) else None, _span(parts))

    def zone(self, parts: Parts) -> tree.Zone:
        return tree.Zone(_the(tree.Name, parts), _all(tree.ZoneMember, parts), _span(parts))

    def pool(self, parts: Parts) -> tree.Pool:
        name, zone = _all(tree.Name, parts)
        return tree.Pool(name, _all(tree.Address, parts), zone, _span(parts))

    def eip(self, parts: Parts) -> tree.Eip:
        public, target = _the(tree.Address, parts), _address_or_name(parts[2:])
        vrf, datapath = _name_behind("vrf", parts), _name_behind("datapath", parts)
        last = parts[-1]
        stateless = tree.Name(str(last), last.span) if isinstance(last, Word) else None
        return tree.Eip(public, target, vrf, datapath, stateless, _span(parts))

    def taker(self, parts: Parts) -> tree.Name:
        return tree.Name(str(parts[0]), _span(parts))

    def table(self, parts: Parts) -> tree.Table:
        return tree.Table(_keyword(parts), _the(tree.String, parts), _span(parts))

    def service(self, parts: Parts) -> tree.Service:
        return tree.Service(_the(tree.Name, parts), _matches(parts[2:]), _span(parts))

    def let(self, parts: Parts) -> tree.Let:
        name, value = _values(parts)
        assert isinstance(name, tree.Name)
        return tree.Let(name, value, _span(parts))

    def include(self, parts: Parts) -> tree.Include:
        return tree.Include(_the(tree.String, parts), _span(parts))

    # ---- policies -----------------------------------------------------------------------------------------------

    def match(self, parts: Parts) -> tree.Match:
        values = _values(parts)
        return tree.Match(_keyword(parts), values[0] if values else None, _span(parts))

    def from_clause(self, parts: Parts) -> tree.Clause:
        """Any clause of a keyword and at most one value."""
        return tree.Clause(_keyword(parts), _values(parts), _span(parts))

    to_clause = counter_clause = offload_clause = helper_clause = from_clause

    def via_clause(self, parts: Parts) -> tree.Clause:
        return tree.Clause(_keyword(parts), (_keyword(parts, 1),), _span(parts))

    def limit_clause(self, parts: Parts) -> tree.Clause:
        unit = _keyword(parts, 2)  # limit / UNIT
        burst = _behind("burst", parts)
        values = (_the(tree.Number, parts), unit, burst if isinstance(burst, tree.Number) else None, _source(parts))
        return tree.Clause(_keyword(parts), values, _span(parts))

    def log_clause(self, parts: Parts) -> tree.Clause:
        rate = _behind("rate", parts)
        if not isinstance(rate, tree.Number):
            return tree.Clause(_keyword(parts), _values(parts), _span(parts))
        unit = _keyword(parts, 3)  # log rate / UNIT
        burst = _behind("burst", parts)
        values = (_first(tree.String, parts), rate, unit, burst if isinstance(burst, tree.Number) else None)
        return tree.Clause(_keyword(parts), values, _span(parts))

    def connections_clause(self, parts: Parts) -> tree.Clause:
        return tree.Clause(_keyword(parts), (_the(tree.Number, parts), _source(parts)), _span(parts))

    def rule(self, parts: Parts) -> tree.Rule:
        return tree.Rule(_keyword(parts), _matches(parts), _all(tree.Clause, parts), _span(parts))

    def policy(self, parts: Parts) -> tree.Policy:
        source, target = _all(tree.Name, parts)[:2]
        datapath = _name_behind("datapath", parts)
        return tree.Policy(source, target, datapath, _all(tree.Rule, parts), _span(parts))

    # ---- address translation ------------------------------------------------------------------------------------

    def snat(self, parts: Parts) -> tree.Snat:
        source, to = _values(parts)[:2]
        assert isinstance(to, tree.Address | tree.AddressRange)
        return tree.Snat(source, to, _first(tree.PortRange, parts), _span(parts))

    def masquerade(self, parts: Parts) -> tree.Masquerade:
        sources = [value for value in _values(parts) if not isinstance(value, tree.PortRange)]
        return tree.Masquerade(sources[0] if sources else None, _first(tree.PortRange, parts), _span(parts))

    def socket(self, parts: Parts) -> tree.Socket:
        return tree.Socket(_address_or_name(parts), _first(tree.PortRange, parts), _span(parts))

    def protocol(self, parts: Parts) -> tree.Name:
        return _keyword(parts)

    def dnat(self, parts: Parts) -> tree.Dnat:
        public, target = _all(tree.Socket, parts)
        return tree.Dnat(_all(tree.Name, parts), public, target, _span(parts))

    def dnat_address(self, parts: Parts) -> tree.Dnat:
        public, target = _address_or_name(parts[:2]), _address_or_name(parts[2:])
        sockets = tree.Socket(public, None, public.span), tree.Socket(target, None, target.span)
        return tree.Dnat((), *sockets, _span(parts))

    def nat(self, parts: Parts) -> tree.Nat:
        source, target = _all(tree.Name, parts)
        rules = tuple([part for part in parts if isinstance(part, tree.Snat | tree.Masquerade | tree.Dnat)])
        return tree.Nat(source, target, rules, _span(parts))

    # ---- tests --------------------------------------------------------------------------------------------------

    def packet(self, parts: Parts) -> tree.Packet:
        source, destination = _all(tree.PacketEnd, parts)
        argument = parts[1] if isinstance(parts[1], tree.Value) else None
        keyword = _keyword(parts)
        protocol = tree.Match(keyword, argument, keyword.span.to((argument or keyword).span))
        return tree.Packet(protocol, source, destination, _name_behind("from", parts), _span(parts))

    def packet_end(self, parts: Parts) -> tree.PacketEnd:
        addresses, *ports = _values(parts)
        return tree.PacketEnd(addresses, ports[0] if ports else None, _span(parts))

    def expectation(self, parts: Parts) -> tree.Expectation:
        words = _all(Word, parts)
        value = next((part for part in parts if isinstance(part, tree.Socket | tree.Number | tree.String)), None)
        return tree.Expectation(_keyword(parts, len(words) - 1), value, words[0] == "not", _span(parts))

    def test(self, parts: Parts) -> tree.Test:
        steps = tuple([part for part in parts if isinstance(part, tree.Packet | tree.Expectation)])
        return tree.Test(_the(tree.String, parts), steps, _span(parts))

    # ---- the file -----------------------------------------------------------------------------------------------

    def start(self, parts: Parts) -> tuple[tree.Statement, ...]:
        return tuple(_statements(parts))

    def rows(self, parts: Parts) -> tuple[tree.Rows, ...]:
        return _the(RowsWord, parts).rows


def _statements(parts: Parts) -> list[tree.Statement]:
    """The statements among the parts, rows by their kinds."""
    found: list[tree.Statement] = []
    for part in parts:
        if isinstance(part, tuple):
            found += part
        elif isinstance(part, tree.Statement):
            found.append(part)
    return found


def _head(parts: Parts) -> tuple[tree.Name, tuple[tree.Property, ...]]:
    """The name and the options of a block."""
    return _the(tree.Name, parts), _all(tree.Property, parts)


def _address_or_name(parts: Parts) -> tree.Address | tree.Name:
    return next(part for part in parts if isinstance(part, tree.Address | tree.Name))


def _matches(parts: Parts) -> tuple[tree.Match | tree.Name, ...]:
    return tuple([part for part in parts if isinstance(part, tree.Match | tree.Name)])


def _source(parts: Parts) -> tree.Name | None:
    """The `source` of `per source`."""
    words = [word for word in _all(Word, parts) if word == "source"]
    return tree.Name(str(words[0]), words[0].span) if words else None
