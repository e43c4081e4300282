"""What others made on devices, as messages that the kernel takes again."""

from __future__ import annotations

import errno
import struct
from socket import AF_INET
from typing import Any

import pytest

from flowc.backends.netlink import wire
from flowc.backends.netlink.connection import RefusedError
from flowc.backends.netlink.objects import others
from flowc.backends.netlink.objects.others import Others

DEAD, LINKDOWN, ONLINK = 1, 16, 4  # RTNH_F_*
DST, OIF, GATEWAY, MULTIPATH = 1, 4, 5, 9  # RTA_*


def route(number: int, *attributes: bytes, protocol: int = 3, table: int = 254, flags: int = 0) -> bytes:
    head = struct.pack("=BBBBBBBBI", AF_INET, 24, 0, 0, table, protocol, 0, 1, flags)
    return bytes(wire.HEADER) + head + wire.ip(DST, 4, f"10.0.{number}.0") + b"".join(attributes)


def hop(device: int, flags: int) -> bytes:
    gateway = wire.ip(GATEWAY, 4, "192.0.2.1")
    return struct.pack("=HBBi", 8 + len(gateway), flags, 0, device) + gateway


def address(device: int, *attributes: bytes) -> bytes:
    return bytes(wire.HEADER) + struct.pack("=BBBBI", AF_INET, 24, 0, 0, device) + b"".join(attributes)


class Kernel:
    """Lists these, and takes what it does not refuse."""

    def __init__(self, *routes: bytes, addresses: tuple[bytes, ...] = (), refused: tuple[int, ...] = ()) -> None:
        self.routes, self.addresses, self.refused = routes, addresses, list(refused)
        self.sent: list[tuple[int, bytes]] = []

    def dump(self, number: int, body: bytes) -> list[bytes]:
        if number == 22:
            return list(self.addresses)
        return list(self.routes) if body[0] == AF_INET else []

    def send(self, number: int, _: int, body: bytes) -> None:
        self.sent.append((number, body))
        if self.refused and (code := self.refused.pop(0)):
            raise RefusedError(code, None)


def read(kernel: Any, *devices: int) -> Others:  # noqa: ANN401  # a stand-in
    return others.read(kernel, devices)


def test_what_others_made_on_these_devices_is_noted_and_no_more() -> None:
    on, gateway = wire.u32(OIF, 7), wire.ip(GATEWAY, 4, "10.0.1.9")
    theirs = [route(1, on), route(2, on, gateway)]
    others_ = [
        route(3, on, protocol=102),
        route(4, on, protocol=2),
        route(5, on, table=255),
        route(6, wire.u32(OIF, 8)),
    ]
    there = (address(7), address(8), address(7, wire.u8(11, 102)))
    found = read(Kernel(theirs[1], *others_, theirs[0], addresses=there), 7)
    assert found.routes == tuple(
        one[wire.HEADER :] for one in theirs
    )  # that on the link comes before what is behind it
    assert found.addresses == (there[0][wire.HEADER :],)
    assert read(Kernel(*theirs)) == Others()


def test_the_state_of_a_device_is_no_part_of_a_route() -> None:
    (found,) = read(Kernel(route(1, wire.u32(OIF, 7), flags=LINKDOWN | ONLINK)), 7).routes
    assert found == route(1, wire.u32(OIF, 7), flags=ONLINK)[wire.HEADER :]
    several = wire.attribute(MULTIPATH, hop(8, DEAD) + hop(7, LINKDOWN | ONLINK))
    (found,) = read(Kernel(route(1, several)), 7).routes
    assert found == route(1, wire.attribute(MULTIPATH, hop(8, 0) + hop(7, ONLINK)))[wire.HEADER :]


def test_all_is_tried_before_a_refusal_is_told() -> None:
    noted = Others((b"a",), (b"b", b"c", b"d"))
    kernel: Any = Kernel(refused=(errno.EEXIST, errno.ENETUNREACH, 0, errno.ENODEV))
    with pytest.raises(RefusedError, match="unreachable"):
        others.put_back(kernel, noted)
    assert kernel.sent == [(20, b"a"), (24, b"b"), (24, b"c"), (24, b"d")]
    others.put_back(Kernel(refused=(errno.EEXIST,)), noted)  # type: ignore[arg-type]  # a stand-in
