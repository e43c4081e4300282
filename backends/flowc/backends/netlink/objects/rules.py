"""Routing rules of protocol 102, and the place of the rule that looks the local table up.

The kernel deletes the first rule that has what it is told, and what it is not told may be anything: `pref 500 fwmark 1`
deletes `pref 500 iif eth0 fwmark 1` if that stands before (net/core/fib_rules.c, rule_find). So it is told all that a
dump says, and a rule in front that would be taken for it makes place first.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from socket import AF_INET, AF_INET6, inet_ntop
from typing import Any, NamedTuple, TypeAlias

from pyroute2.netlink.rtnl.fibmsg import fibmsg

from flowc.backends.iproute2.render import rule_families
from flowc.backends.iproute2.routing import PROTOCOL
from flowc.backends.netlink.connection import CREATE, EXCLUDE, Connection, RefusedError
from flowc.backends.netlink.wire import HEADER, attributes, number, string
from flowc.delta.rules import FULL_MASK, LOCAL_FIRST, LOCAL_LAST, RULE
from flowc.hoststate import NetworkState, Rule
from flowc.hoststate.routing import Family
from flowc.ir.addresses import FAMILIES, WIDTH
from flowc.source import NOWHERE

_NEW, _DELETE, _GET = 32, 33, 34  # RTM_*RULE
_AF: dict[int, int] = {4: AF_INET, 6: AF_INET6}
_MESSAGE = struct.Struct("=BBBBBBBBI")
"""struct fib_rule_hdr of linux/fib_rules.h."""
_TO_TABLE, _INVERT = 1, 2  # FR_ACT_TO_TBL, FIB_RULE_INVERT
_SOURCE, _DEVICE, _PRIORITY, _MARK, _SUPPRESS, _TABLE, _MASK, _PROTOCOL, _PADDING = 2, 3, 6, 10, 14, 15, 16, 21, 18
_SAID = {_SOURCE, _DEVICE, _PRIORITY, _MARK, _SUPPRESS, _TABLE, _MASK, _PROTOCOL, _PADDING}
"""FRA_* that a Rule can say."""
_SUPPRESS_GROUP = 13
_NOTHING = 0xFFFFFFFF
"""What FRA_SUPPRESS_* has when nothing is suppressed."""
_FIRST = struct.pack("=HHI", 8, _PRIORITY, 0)
_KERNEL = 2
"""RTPROT_KERNEL: the rules that every network namespace begins with."""
_LOCAL = 255
_MINE = struct.pack("=HHB", 5, _PROTOCOL, PROTOCOL)
"""What the messages of flowc's rules hold, and may be in others."""
_NO_FAMILY = (errno.EAFNOSUPPORT, errno.EOPNOTSUPP)


class _Found(NamedTuple):
    """One that the kernel has; `body` is its message without the header."""

    body: bytes
    header: tuple[int, ...]
    attributes: dict[int, bytes]

    @property
    def preference(self) -> int:
        return self._number(_PRIORITY, 0)

    @property
    def protocol(self) -> int:
        return self.attributes.get(_PROTOCOL, b"\0")[0]

    @property
    def table(self) -> int:
        return self._number(_TABLE, self.header[4])

    def _number(self, kind: int, default: int) -> int:
        return number(self.attributes[kind]) if kind in self.attributes else default

    def rule(self, family: Family) -> Rule | None:
        """None if a Rule cannot say all of it."""
        _, destination, length, tos, _, _, _, action, flags = self.header
        own = self.attributes
        more = {kind for kind in own.keys() - _SAID if kind != _SUPPRESS_GROUP or number(own[kind]) != _NOTHING}
        if destination or tos or flags & _INVERT or action != _TO_TABLE or more:
            return None
        suppress = self._number(_SUPPRESS, _NOTHING)
        source = None
        if length:
            source = inet_ntop(_AF[family], own[_SOURCE])
            source += "" if length == WIDTH[family] else f"/{length}"
        return Rule(
            family,
            self.preference,
            self.table,
            NOWHERE,
            mark=(self._number(_MARK, 0), self._number(_MASK, FULL_MASK)) if {_MARK, _MASK} & own.keys() else None,
            device=string(own[_DEVICE]) if _DEVICE in own else None,
            source=source,
            suppress=None if suppress == _NOTHING else suppress,
        )

    def taken_for(self, other: _Found) -> bool:
        """The kernel would delete this one when told to delete the other, if it comes to it first."""
        if self.preference != other.preference or self.table != other.table or self.header[7] != other.header[7]:
            return False
        if any(mine != its for mine, its in zip(self.header[1:4], other.header[1:4], strict=True) if its):
            return False
        told = {kind: value for kind, value in other.attributes.items() if kind not in (_TABLE, _PADDING)}
        nothing = {kind for kind in (_SUPPRESS, _SUPPRESS_GROUP) if kind in told and number(told[kind]) == _NOTHING}
        return all(self.attributes.get(kind) == value for kind, value in told.items() if kind not in nothing)


_Places: TypeAlias = dict[tuple[int, int], list[_Found]]


def read(connection: Connection, wanted: NetworkState) -> tuple[tuple[Rule, ...], bool]:
    """Those of flowc, and if the local table is looked up last. Raises RefusedError.

    Of several that differ in where they lead alone, as a change that was cut short leaves them, that comes first which the
    kernel goes by. Where the local rule shall be last it is so in all families that are set; else it counts where flowc
    has moved it.
    """
    own: dict[tuple[object, ...], list[Rule]] = {}
    families = rule_families(wanted)
    last, moved = True, False
    for family in FAMILIES:
        found = _dump(connection, family)
        for one in found:
            rule = one.rule(family) if one.protocol == PROTOCOL and not _is_local(one, family, LOCAL_LAST) else None
            if rule is not None:
                own.setdefault(RULE.key(rule), []).append(rule)
        is_moved = any(one.protocol == PROTOCOL and _is_local(one, family, LOCAL_LAST) for one in found)
        moved = moved or is_moved
        if family not in families:
            last = last and not is_moved
        elif found:
            places = [place for place in (LOCAL_FIRST, LOCAL_LAST) for one in found if _is_local(one, family, place)]
            last = last and LOCAL_FIRST not in places and LOCAL_LAST in places
    same = sorted(own.values(), key=lambda rules: _order(rules[0]))
    return tuple(chain.from_iterable(same)), last if wanted.local_rule_last else moved


def _order(rule: Rule) -> tuple[object, ...]:
    return rule.family, rule.preference, rule.device or "", rule.source or "", rule.table


def _dump(connection: Connection, family: Family, mark: bytes = b"") -> list[_Found]:
    """In the order in which the kernel goes by them; none of a family that it does not have.

    With a mark those whose messages hold it: the kernel filters nothing, and taking messages apart takes longest.
    """
    try:
        messages = connection.dump(_GET, _MESSAGE.pack(_AF[family], *[0] * 8))
    except RefusedError as error:
        if error.code in _NO_FAMILY:
            return []
        raise
    return list(_parsed([one for one in messages if mark in one], family))


def _parsed(messages: Sequence[bytes], family: Family) -> Iterator[_Found]:
    for message in messages:
        header = _MESSAGE.unpack_from(message, HEADER)
        if header[0] == _AF[family]:
            own = attributes(message, HEADER + _MESSAGE.size)
            # The kernel sets the other flags by itself, and does not tell preference 0.
            body = _MESSAGE.pack(*header[:-1], header[-1] & _INVERT) + message[HEADER + _MESSAGE.size :]
            yield _Found(body if _PRIORITY in own else body + _FIRST, header, own)


def _is_local(one: _Found, family: Family, preference: int) -> bool:
    """It looks the local table up for all packets."""
    return one.preference == preference and one.rule(family) == Rule(family, preference, _LOCAL, NOWHERE)


def create(connection: Connection, rule: Rule) -> None:
    """Nothing is done if it is there. Raises RefusedError."""
    _create(connection, rule, PROTOCOL)


def _create(connection: Connection, rule: Rule, protocol: int) -> None:
    fields, attributes = message(rule, protocol)
    try:
        connection.write(fibmsg, _NEW, CREATE | EXCLUDE, fields, attributes)
    except RefusedError as error:
        if error.code != errno.EEXIST:
            raise
        there = _dump(connection, rule.family)
        if not any(one.protocol == protocol and one.rule(rule.family) == rule for one in there):
            # One for some sources counts as the same as one for all (net/ipv4/fib_rules.c, fib4_rule_compare).
            connection.write(fibmsg, _NEW, CREATE, fields, attributes)


def delete(connection: Connection, rule: Rule) -> None:
    """Nothing else than this one. Raises RefusedError.

    Thousands may go, one after the other: what there is is read for the first of them.
    """
    key = __name__, rule.family
    places: _Places = connection.known.get(key) or _places(_dump(connection, rule.family, _MINE))
    found = places.get((rule.preference, rule.table), [])
    for one in found:
        if one.protocol == PROTOCOL and one.rule(rule.family) == rule:
            before = connection.writes
            _delete(connection, rule.family, one, found)
            if connection.writes == before + 1:
                found.remove(one)
                connection.known[key] = places
            return


def _places(found: Iterable[_Found]) -> _Places:
    """By preference and table: of another place nothing is taken for a rule."""
    places: _Places = {}
    for one in found:
        places.setdefault((one.preference, one.table), []).append(one)
    return places


def _delete(connection: Connection, family: Family, wanted: _Found, found: Sequence[_Found]) -> None:
    """The first that is exactly like this, of those that were found."""
    while True:
        first = next((one for one in found if one.taken_for(wanted)), None)
        if first is None:
            return
        if first.body != wanted.body:
            # It goes behind: made again before it is taken away, so that it is there all the time.
            connection.send(_NEW, CREATE, first.body)
            _delete(connection, family, first, found)
            found = _dump(connection, family)
            continue
        try:
            connection.send(_DELETE, 0, wanted.body)
        except RefusedError as error:
            if error.code != errno.ENOENT:
                raise
        return


def change(connection: Connection, old: Rule, new: Rule) -> None:
    """The kernel cannot change one: the new one is made before the old one is taken away. Raises RefusedError."""
    create(connection, new)
    delete(connection, old)


def set_local(connection: Connection, preference: int, families: Sequence[Family] = FAMILIES) -> None:
    """Move the rule that looks the local table up to LOCAL_FIRST or LOCAL_LAST. Raises RefusedError.

    First it is one like those that a namespace begins with, last it is flowc's: what somebody else moved stays where it is.
    At no moment there is none.
    """
    protocol = _KERNEL if preference == LOCAL_FIRST else PROTOCOL
    for family in families:
        found = _dump(connection, family)
        moved = any(one.protocol == PROTOCOL and _is_local(one, family, LOCAL_LAST) for one in found)
        if not found or (preference == LOCAL_FIRST and not moved):
            continue
        if not any(_is_local(one, family, preference) for one in found):
            _create(connection, Rule(family, preference, _LOCAL, NOWHERE), protocol)
        for one in found:
            moved = preference == LOCAL_LAST or one.protocol == PROTOCOL
            if moved and _is_local(one, family, LOCAL_FIRST + LOCAL_LAST - preference):
                _delete(connection, family, one, found)


def message(rule: Rule, protocol: int = PROTOCOL) -> tuple[dict[str, Any], list[tuple[str, Any]]]:
    """Fields and attributes of fibmsg, as `ip` writes them."""
    address, _, length = (rule.source or "").partition("/")
    fields = {
        "family": _AF[rule.family],
        "src_len": int(length or WIDTH[rule.family]) if address else 0,
        "table": rule.table if rule.table < 256 else 0,
        "action": _TO_TABLE,
    }
    attributes: list[tuple[str, Any]] = [("FRA_PRIORITY", rule.preference), ("FRA_PROTOCOL", protocol)]
    if address:
        attributes.append(("FRA_SRC", address))
    if rule.device is not None:
        attributes.append(("FRA_IIFNAME", rule.device))
    if rule.mark is not None:
        value, mask = rule.mark
        attributes.append(("FRA_FWMARK", value))
        attributes += [("FRA_FWMASK", mask)] if mask != FULL_MASK else []
    if rule.table >= 256:
        attributes.append(("FRA_TABLE", rule.table))
    if rule.suppress is not None:
        attributes.append(("FRA_SUPPRESS_PREFIXLEN", rule.suppress))
    return fields, attributes
