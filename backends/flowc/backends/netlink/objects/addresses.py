"""Addresses of devices (net/ipv4/devinet.c, net/ipv6/addrconf.c).

What flowc adds has IFA_PROTO 102, which kernels before 5.18 pass over, and `ip addr replace` of iproute2 before 6.3 cannot
say: so an address without it that the file asks for is there already, too. It cannot be given one afterwards: kernels
before 6.4 pass over that of an IPv4 address that is replaced. So which of them are flowc's is noted in the journal.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from flowc.backends.iproute2.routing import PROTOCOL
from flowc.backends.netlink import wire
from flowc.backends.netlink.connection import CREATE, EXCLUDE, REPLACE, Connection, MissingDeviceError, RefusedError
from flowc.backends.netlink.objects.devices import index_of
from flowc.backends.netlink.objects.sysctls import ROOT
from flowc.delta import Changed
from flowc.hoststate import AddressRow, NetworkState
from flowc.hoststate.journal import Journal
from flowc.hoststate.routing import Family
from flowc.hoststate.state import PROMOTED
from flowc.ir.addresses import WIDTH
from flowc.ir.tables import Table
from flowc.source import NOWHERE

_NEW, _DELETE, _GET = 20, 21, 22  # RTM_*ADDR
_BODY = struct.Struct("=BBBBI")
"""struct ifaddrmsg: family, prefix length, flags, scope, index."""
_ADDRESS, _LOCAL, _CACHEINFO, _FLAGS, _PROTO = 1, 2, 6, 8, 11  # linux/if_addr.h
_NODAD, _DEPRECATED = 0x02, 0x20
_LIFETIMES = struct.Struct("=IIII")
"""struct ifa_cacheinfo: preferred, valid, created, changed."""
_FOREVER = 0xFFFFFFFF
_SCOPE_HOST = 254


def read(connection: Connection, names: Mapping[int, str], wanted: NetworkState, journal: Journal) -> Table[AddressRow]:
    """Flowc's own, and those that the file asks for. Raises RefusedError."""
    asked = _asked(wanted)
    known = asked.keys() | journal.addresses
    found = (row for row, is_own in _rows(connection, names, asked) if is_own or (row.device, row.address) in known)
    return Table(AddressRow, found).sorted("family", "device", "address")


def unmarked(connection: Connection, names: Mapping[int, str], wanted: NetworkState) -> frozenset[tuple[str, str]]:
    """Device and address of those that the file asks for and that are there without flowc's mark. Raises RefusedError."""
    asked = _asked(wanted)
    found = {(row.device, row.address) for row, is_own in _rows(connection, names, asked) if not is_own}
    return frozenset(found & asked.keys())


def everybodys(connection: Connection, names: Mapping[int, str]) -> list[AddressRow]:
    """Whoever made them. Raises RefusedError."""
    return [row for row, _ in _rows(connection, names, {})]


def marks(connection: Connection, names: Mapping[int, str]) -> dict[tuple[str, str], bool]:
    """Device and address of all in the order of the kernel, and whether it has flowc's mark. Raises RefusedError."""
    return {(row.device, row.address): is_own for row, is_own in _rows(connection, names, {})}


def create(connection: Connection, row: AddressRow) -> None:
    """As `ip addr replace` does: no broadcast address, and of IPv6 no detection of duplicates.

    IPv6 knows an address of a device by itself alone, so one with another prefix length gives way. Raises RefusedError,
    MissingDeviceError.
    """
    index = index_of(row.device)
    if row.family == 4:
        connection.send(_NEW, CREATE | REPLACE, _body(row, index))
        return
    try:
        connection.send(_NEW, CREATE | EXCLUDE, _body(row, index))
    except RefusedError as error:
        if error.code != errno.EEXIST:
            raise
        for other in _of_other_lengths(connection, row, index):
            delete(connection, other)
        connection.send(_NEW, CREATE | REPLACE, _body(row, index))


def change(connection: Connection, changed: Changed[AddressRow]) -> None:
    """Raises RefusedError, MissingDeviceError."""
    connection.send(_NEW, CREATE | REPLACE, _body(changed.new, index_of(changed.new.device)))


def delete(connection: Connection, row: AddressRow) -> None:
    """The others of its network stay. Raises RefusedError."""
    address, length = _parts(row.address)
    value = wire.ip(_LOCAL, row.family, address) + wire.ip(_ADDRESS, row.family, address)
    try:
        body = _BODY.pack(wire.NUMBERS[row.family], length, 0, 0, index_of(row.device)) + value
        if row.family == 4 and length < WIDTH[4]:
            with _secondaries_stay(row.device):
                connection.send(_DELETE, 0, body)
        else:
            connection.send(_DELETE, 0, body)
    except MissingDeviceError:
        return  # it has taken its addresses along
    except RefusedError as error:
        if error.code not in (errno.EADDRNOTAVAIL, errno.ENODEV):
            raise


@contextmanager
def _secondaries_stay(device: str) -> Iterator[None]:
    """`promote_secondaries` for this while. The journal has what it was (`flowc.delta.noted`)."""
    file = ROOT / PROMOTED.format(device)
    changed = False
    with suppress(OSError):  # read-only /proc: what goes along is missed when the host is read again
        if file.read_text().strip() == "0":
            changed = True
            file.write_text("1")
    try:
        yield
    finally:
        if changed:
            with suppress(OSError):
                file.write_text("0")


def _body(row: AddressRow, index: int) -> bytes:
    address, length = _parts(row.address)
    loopback = row.family == 4 and address.startswith("127.")
    flags = _NODAD if row.family == 6 else 0
    body = _BODY.pack(wire.NUMBERS[row.family], length, flags, _SCOPE_HOST if loopback else 0, index)
    body += wire.ip(_LOCAL, row.family, address) + wire.ip(_ADDRESS, row.family, address)
    if row.family == 6 and row.answered_only:
        body += wire.attribute(_CACHEINFO, _LIFETIMES.pack(0, _FOREVER, 0, 0))
    return body + wire.u8(_PROTO, PROTOCOL)


def _parts(address: str) -> tuple[str, int]:
    text, _, length = address.partition("/")
    return text, int(length)


def _asked(wanted: NetworkState) -> dict[tuple[str, str], bool]:
    """By device and address, whether it is only there to be answered for."""
    columns = (wanted.addresses.column(name) for name in ("device", "address", "answered_only"))
    return {(device, address): only for device, address, only in zip(*columns, strict=True)}


def _rows(
    connection: Connection, names: Mapping[int, str], asked: Mapping[tuple[str, str], bool]
) -> Iterator[tuple[AddressRow, bool]]:
    """With each whether it has flowc's mark."""
    for message in connection.dump(_GET, _BODY.pack(0, 0, 0, 0, 0)):
        found = _row(message, names, asked)
        if found is not None:
            yield found


def _row(
    message: bytes, names: Mapping[int, str], asked: Mapping[tuple[str, str], bool]
) -> tuple[AddressRow, bool] | None:
    number, length, _, _, index = _BODY.unpack_from(message, wire.HEADER)
    device = names.get(index)
    if device is None or number not in wire.FAMILIES:
        return None
    family = wire.FAMILIES[number]
    own = wire.attributes(message, wire.HEADER + _BODY.size)
    local = own.get(_LOCAL, own.get(_ADDRESS, b""))
    if not _is_of_network(local, own.get(_ADDRESS, local), length):
        return None  # a peer elsewhere makes it another one
    address = f"{wire.address_text(local)}/{length}"
    answered_only = _is_answered_only(family, own, asked.get((device, address), False))
    return AddressRow(family, address, device, NOWHERE, answered_only), wire.number(own.get(_PROTO)) == PROTOCOL


def _is_of_network(local: bytes, address: bytes, length: int) -> bool:
    shift = 8 * len(local) - length
    return int.from_bytes(local, "big") >> shift == int.from_bytes(address, "big") >> shift


def _is_answered_only(family: Family, own: Mapping[int, bytes], asked: bool) -> bool:
    """Of IPv4 the kernel keeps nothing of it."""
    if family == 4:
        return asked
    preferred = _LIFETIMES.unpack(own[_CACHEINFO])[0] if _CACHEINFO in own else _FOREVER
    return bool(wire.number(own.get(_FLAGS)) & _DEPRECATED) and preferred == 0


def _of_other_lengths(connection: Connection, row: AddressRow, index: int) -> list[AddressRow]:
    """What the device has of this address, but with another prefix length."""
    address, length = _parts(row.address)
    local = wire.packed(row.family, address)
    found = []
    for message in connection.dump(_GET, _BODY.pack(wire.NUMBERS[row.family], 0, 0, 0, index)):
        own = wire.attributes(message, wire.HEADER + _BODY.size)
        other = _BODY.unpack_from(message, wire.HEADER)[1]
        if own.get(_LOCAL, own.get(_ADDRESS)) == local and other != length:
            found.append(row._replace(address=f"{address}/{other}"))
    return found
