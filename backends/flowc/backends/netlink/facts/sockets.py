"""Listening sockets over sock_diag, which tells what device one is bound to; else from /proc/net, which does not.

pyroute2's DiagSocket cannot tell an error from an answer of IPv4 (both have the number 2) and waits for ever where a
kernel has no inet_diag, so that the request is made here: sock_diag(7), linux/inet_diag.h.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from flowc.backends.netlink.facts.gaps import Gaps, Roots
from flowc.facts import Listener

_NETLINK_SOCK_DIAG, _SOCK_DIAG_BY_FAMILY = 4, 20
_NLM_F_REQUEST, _NLM_F_DUMP = 0x1, 0x300
_NLMSG_ERROR, _NLMSG_DONE = 2, 3
_HEADER = struct.Struct("IHHII")
_REQUEST = struct.Struct("=BBBBI48x")
"""struct inet_diag_req_v2: family, protocol, extensions, padding, states, and a socket's identity, here any."""
_SOCKET = struct.Struct("!4xHH16s16s")
"""struct inet_diag_msg from its start: family, state, two timers, ports and addresses."""
_BOUND, _INODE, _ANSWER = 40, 68, 72
"""Offsets of the device and of the inode, and the size of struct inet_diag_msg."""
_SKV6ONLY = 11

_LISTENING = {"tcp": 10, "udp": 7}
"""TCP_LISTEN; an unconnected UDP socket is in TCP_CLOSE (net/tcp_states.h)."""
_PROTOCOLS = {"tcp": socket.IPPROTO_TCP, "udp": socket.IPPROTO_UDP}


class Socket(NamedTuple):
    protocol: str
    address: str
    port: int
    bound: int
    """Index of the device; 0 for none."""
    ipv6_only: bool
    inode: int


def listeners(names: dict[int, str], roots: Roots, gaps: Gaps) -> tuple[Listener, ...]:
    """In the order of protocols and ports. Those of one program on one port are one."""
    found: list[Socket] = []
    for protocol in _PROTOCOLS:
        for family in (socket.AF_INET, socket.AF_INET6):
            try:
                found += diagnosed(protocol, family)
            except OSError as error:
                gaps.add("listeners[].device", f"{protocol}: no sock_diag: {error.strerror}; read from /proc/net")
                with gaps.reading(f"listeners ({protocol}, IPv{4 if family == socket.AF_INET else 6})"):
                    found += listed(protocol, family, roots)
    processes = _processes({one.inode for one in found}, roots, gaps)
    rows = {
        (one.protocol, one.port, one.address, one.bound): Listener.model_validate(
            {
                "protocol": one.protocol,
                "address": one.address,
                "port": one.port,
                "device": names.get(one.bound),
                "ipv6_only": one.ipv6_only,
                "process": processes.get(one.inode),
            }
        )
        for one in found
        if one.port
    }
    return tuple(rows[key] for key in sorted(rows))


def diagnosed(protocol: str, family: int) -> list[Socket]:
    """What sock_diag says. Raises OSError where the kernel has none for the protocol."""
    body = _REQUEST.pack(family, _PROTOCOLS[protocol], 0, 0, 1 << _LISTENING[protocol])
    flags = _NLM_F_REQUEST | _NLM_F_DUMP
    found: list[Socket] = []
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _NETLINK_SOCK_DIAG) as diag:
        diag.settimeout(10)
        diag.send(_HEADER.pack(_HEADER.size + len(body), _SOCK_DIAG_BY_FAMILY, flags, 1, 0) + body)
        while True:
            for kind, payload in _messages(diag.recv(1 << 20)):
                if kind == _NLMSG_DONE:
                    return found
                if kind == _NLMSG_ERROR:
                    code = -int.from_bytes(payload[:4], "little" if struct.pack("H", 1)[0] else "big", signed=True)
                    raise OSError(code, _words(code))
                found.append(_parse(protocol, family, payload))


def _words(code: int) -> str:
    import os  # noqa: PLC0415  # for one error

    return os.strerror(code)


def _messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    while len(data) >= _HEADER.size:
        length, kind, *_ = _HEADER.unpack_from(data)
        if length < _HEADER.size:
            return
        yield kind, data[_HEADER.size : length]
        data = data[(length + 3) & ~3 :]


def _parse(protocol: str, family: int, payload: bytes) -> Socket:
    port, _, source, _ = _SOCKET.unpack_from(payload)
    address = socket.inet_ntop(family, source[: 4 if family == socket.AF_INET else 16])
    bound, inode = (struct.unpack_from("I", payload, at)[0] for at in (_BOUND, _INODE))
    only, rest = False, payload[_ANSWER:]
    while len(rest) >= 4:
        length, kind = struct.unpack_from("HH", rest)
        if length < 4:
            break
        if kind == _SKV6ONLY and length > 4:
            only = bool(rest[4])
        rest = rest[(length + 3) & ~3 :]
    return Socket(protocol, address, port, bound, only, inode)


def listed(protocol: str, family: int, roots: Roots) -> list[Socket]:
    """What /proc/net lists (proc(5)): addresses are words of 32 bits in the machine's byte order."""
    name = protocol if family == socket.AF_INET else f"{protocol}6"
    found = []
    for line in (roots.proc / "thread-self" / "net" / name).read_text().splitlines()[1:]:
        fields = line.split()
        if int(fields[3], 16) != _LISTENING[protocol]:
            continue
        words, _, port = fields[1].partition(":")
        packed = b"".join(struct.pack("=I", int(words[at : at + 8], 16)) for at in range(0, len(words), 8))
        found.append(Socket(protocol, socket.inet_ntop(family, packed), int(port, 16), 0, False, int(fields[9])))
    return found


def _processes(inodes: set[int], roots: Roots, gaps: Gaps) -> dict[int, str]:
    """Inode to the name of a process that has the socket open."""
    wanted = {f"socket:[{inode}]": inode for inode in inodes if inode}
    found: dict[int, str] = {}
    hidden = False
    for folder in roots.proc.iterdir() if wanted else ():
        if not folder.name.isdecimal():
            continue
        try:
            targets = {_target(entry) for entry in (folder / "fd").iterdir()}
        except PermissionError:
            hidden = True
            continue
        except OSError:  # it has ended
            continue
        for target in targets & wanted.keys():
            with suppress(OSError):
                found.setdefault(wanted[target], (folder / "comm").read_text(errors="replace").strip())
    if hidden and len(found) < len(wanted):
        gaps.add("listeners[].process", "to see the programs of others needs root")
    return found


def _target(entry: Path) -> str:
    try:
        return str(entry.readlink())
    except OSError:
        return ""
