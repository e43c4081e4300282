"""Elements of sets and maps by nfnetlink: 100,000 of them in the time of a few system calls, as the kernel keeps them.

nft lists keys of maps to prefixes wrongly (1.0.6 forgets the byte order of their parts), and takes longer to print them
than to load them. Messages and attributes are those of linux/netfilter/nf_tables.h.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from struct import iter_unpack
from typing import NamedTuple

from flowc.backends.netlink.connection import Connection
from flowc.backends.netlink.wire import attribute, attributes, be_number, each, string
from flowc.backends.nft.live.datatypes import VERDICT, Decoder, parts

SUBSYSTEM = 10 << 8  # NFNL_SUBSYS_NFTABLES
_GET_SET, _GET_ELEMENTS = SUBSYSTEM | 10, SUBSYSTEM | 13
INET = b"\x01\x00\x00\x00"  # struct nfgenmsg: NFPROTOINET, version 0
BODY = 20
"""Where attributes begin: struct nlmsghdr and struct nfgenmsg stand before them."""

_TABLE, _NAME, _FLAGS, _KEY_TYPE, _KEY_LENGTH, _DATA_TYPE = 1, 2, 3, 4, 5, 6
_ANONYMOUS, _INTERVAL, _MAP = 0x1, 0x4, 0x8  # NFT_SET_*
_LIST_TABLE, _LIST_SET, _LIST_ELEMENTS = 1, 2, 3
_KEY, _DATA, _ELEMENT_FLAGS, _KEY_END = 1, 2, 3, 10
_INTERVAL_END, _CATCH_ALL = 0x1, 0x2  # NFT_SET_ELEM_*
_VALUE, _VERDICT = 1, 2
_CODE, _CHAIN = 1, 2
_VERDICTS = {0: "drop", 1: "accept", -1: "continue", -2: "break", -3: "jump", -4: "goto", -5: "return"}


class KernelSet(NamedTuple):
    """A named set, as it is declared."""

    name: str
    flags: int
    key_type: int
    data_type: int | None

    @property
    def anonymous(self) -> bool:
        return bool(self.flags & _ANONYMOUS)

    @property
    def interval(self) -> bool:
        return bool(self.flags & _INTERVAL)

    @property
    def single(self) -> bool:
        """Its key is no concatenation."""
        return len(parts(self.key_type)) == 1


class Raw(NamedTuple):
    """An element: its key, the end of its range, its value, and flags."""

    key: bytes
    end: bytes | None
    data: bytes | None
    """The content of NFTA_SET_ELEM_DATA's attribute; of a verdict with its attributes."""
    flags: int


class _Columns(NamedTuple):
    """Elements, in lists that run parallel."""

    keys: list[bytes]
    ends: list[bytes | None]
    data: list[bytes | None]
    flags: list[int]


def sets(connection: Connection, table: str) -> tuple[list[KernelSet], int]:
    """All of a table, and which generation of the rules this is; 0 without any. Raises RefusedError."""
    messages = connection.dump(_GET_SET, INET + attribute(_TABLE, f"{table}\0".encode()))
    listed = []
    for message in messages:
        have = attributes(message, BODY)
        if string(have[_TABLE]) != table:
            continue
        flags = be_number(have.get(_FLAGS, b""))
        data = be_number(have[_DATA_TYPE]) if _DATA_TYPE in have and flags & _MAP else None
        listed.append(KernelSet(string(have[_NAME]), flags, be_number(have.get(_KEY_TYPE, b"")), data))
    return listed, generation(messages[0]) if messages else 0


def generation(message: bytes) -> int:
    """Of the rules, its last 16 bits: each transaction in a network namespace makes the next (`nf_tables_commit`)."""
    return be_number(message[BODY - 2 : BODY])


def elements(connection: Connection, table: str, one: KernelSet) -> tuple[list[str], list[str]]:
    """Keys and values of a set; values are empty if it is no map. Raises RefusedError."""
    named = attribute(_LIST_TABLE, f"{table}\0".encode()) + attribute(_LIST_SET, f"{one.name}\0".encode())
    return decoded(one, connection.dump(_GET_ELEMENTS, INET + named))


def decoded(one: KernelSet, messages: Iterable[bytes]) -> tuple[list[str], list[str]]:
    """The same of the messages of a dump."""
    found = _Columns([], [], [], [])
    for message in messages:
        _collect(message, found)
    keys = Decoder(one.key_type, interval=one.interval)
    data: Sequence[bytes | None] = found.data
    if one.interval and one.single and not any(found.ends):
        spans = list(_intervals(map(Raw, *found)))
        texts = [keys.between(low, high) for low, high, _ in spans]
        data = [element.data for _, _, element in spans]
    elif one.interval:
        texts = [keys.between(key, end or key) for key, end in zip(found.keys, found.ends, strict=True)]
    else:
        texts = keys.texts(found.keys)
    if one.data_type is None:
        return texts, []
    values = [value or b"" for value in data]
    if one.data_type == VERDICT:
        words = {value: _verdict(value) for value in set(values)}
        return texts, [words[value] for value in values]
    return texts, Decoder(one.data_type, interval=False).values(values)


def _verdict(data: bytes) -> str:
    have = attributes(data)
    word = _VERDICTS.get(int.from_bytes(have.get(_CODE, b""), "big", signed=True), "?")
    return f"{word} {string(have[_CHAIN])}" if _CHAIN in have else word


def _intervals(raw: Iterable[Raw]) -> Iterator[tuple[bytes, bytes, Raw]]:
    """First and last key. A range ends before the next key that starts or ends one: one that begins where another
    ends may have taken its place.
    """
    ordered = sorted(raw, key=lambda element: (element.key, not element.flags & _INTERVAL_END))
    for at, element in enumerate(ordered):
        if element.flags & _INTERVAL_END:
            continue
        after = next((other.key for other in ordered[at + 1 : at + 3] if other.key > element.key), None)
        size = len(element.key)
        last = (1 << 8 * size) - 1 if after is None else int.from_bytes(after, "big") - 1
        yield element.key, last.to_bytes(size, "big"), element


def _collect(message: bytes, found: _Columns) -> None:
    for kind, start, end in each(message, BODY):
        if kind == _LIST_ELEMENTS and not _alike(message[start:end], found):
            _one_by_one(message, start, end, found)


def _one_by_one(message: bytes, start: int, end: int, found: _Columns) -> None:
    for _, first, last in each(message, start, end):
        one = _element(message, first, last)
        if not one.flags & _CATCH_ALL:
            found.keys.append(one.key)
            found.ends.append(one.end)
            found.data.append(one.data)
            found.flags.append(one.flags)


def _element(message: bytes, first: int, last: int) -> Raw:
    key, end, data, flags = b"", None, None, 0
    for kind, start, stop in each(message, first, last):
        if kind == _KEY:
            key = message[start + 4 : stop]
        elif kind == _KEY_END:
            end = message[start + 4 : stop]
        elif kind == _DATA:
            data = message[start + 4 : stop]
        elif kind == _ELEMENT_FLAGS:
            flags = be_number(message[start:stop])
    return Raw(key, end, data, flags)


def _alike(data: bytes, found: _Columns) -> bool:
    """All elements at once, if each has the same attributes of the same length; else nothing, and False."""
    places = [(start, stop) for _, start, stop in each(data, 0, min(len(data), 8))]
    if not places:
        return True
    size = (places[0][1] + 3) & ~3
    count, rest = divmod(len(data), size)
    if rest:
        return False
    fields: list[int] = []
    layout, at = "=", 0
    heads: list[int] = []
    for kind, start, stop in each(data, *places[0]):
        if kind not in (_KEY, _KEY_END, _DATA):
            return False
        fields.append(kind)
        layout += f"{start + 4 - at}x{stop - start - 4}s"
        heads += range(at, start + 4)
        at = stop
    if _KEY not in fields or any(data[place::size] != data[place : place + 1] * count for place in heads):
        return False
    columns = dict(zip(fields, zip(*iter_unpack(f"{layout}{size - at}x", data), strict=True), strict=True))
    nothing = (None,) * count
    found.keys.extend(columns[_KEY])
    found.ends.extend(columns.get(_KEY_END, nothing))
    found.data.extend(columns.get(_DATA, nothing))
    found.flags.extend((0,) * count)
    return True
