"""The hosts that `tc_packets.py` is about, and the frames of their connections."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address
from pathlib import Path
from typing import NamedTuple

from flowc.hoststate import HostState
from flowc.testbed.frames import ethernet, gre_packet, udp_packet

KINDS = ("eips", "keys")
DATAPATHS = {
    "tc": "offload software; datapath tc",
    "nft": "offload software; datapath nft",
    "stack": "offload off",
    "stateless": "offload software; datapath nft",
}
"""What the host says; of the last one its EIPs say `stateless`."""
DIRECTIONS = {"to": "to the machine", "from": "from the machine"}
CLIENT = "203.0.113.9"
ROUTER, UPLINK, INSIDE = "52:54:00:ff:00:01", "52:54:00:ff:00:02", "52:54:00:ff:00:03"
HERE, THERE, UNDERLAY, REMOTE = "172.16.1.1", "172.16.1.2", "52:54:00:ff:00:04", "52:54:00:ff:00:05"
MACHINES, PUBLIC = IPv4Address("10.0.1.0"), IPv4Address("100.64.1.0")
PORT, FIRST_PORT, FIRST_KEY = 53, 1024, 1000
OUTSIDE, WIRE = "eth0", "eth1"
"""The devices that packets come in by: from clients, and from machines or the other end of the tunnel."""


class Made(NamedTuple):
    """A host as it is loaded."""

    kind: str
    entries: int
    datapath: str
    state: HostState

    @property
    def name(self) -> str:
        return f"{self.datapath}-{self.kind}-{self.entries}"


def machine(kind: str, number: int) -> str:
    """Its address: behind keys all have one."""
    return str(MACHINES + number) if kind == "eips" else "10.0.1.241"


def mac(number: int) -> str:
    """Of a machine."""
    return f"52:54:00:{number >> 16:02x}:{number >> 8 & 255:02x}:{number & 255:02x}"


def written(folder: Path, kind: str, count: int, datapath: str) -> Path:
    """The file, and its tables beside it."""
    name = f"{datapath}-{kind}-{count}"
    rows = [f"vm{n},{machine(kind, n)},{'vms' if kind == 'eips' else f'k{n}'},{mac(n)}" for n in range(count)]
    (folder / f"{name}-endpoints.csv").write_text("\n".join(["name,address,interface,mac", *rows, ""]))
    word = ",stateless" if datapath == "stateless" else ","
    rows = [f"{PUBLIC + n},vm{n}{word}" for n in range(count)]
    (folder / f"{name}-eips.csv").write_text("\n".join(["address,target,stateless", *rows, ""]))
    path = folder / f"{name}.flow"
    path.write_text("\n".join([*_lines(kind, count, datapath), f'endpoints from "{name}-endpoints.csv"',
                               f'eips from "{name}-eips.csv"', ""]))  # fmt: skip
    return path


def _lines(kind: str, count: int, datapath: str) -> Iterator[str]:
    offload = "" if datapath == "stack" else " offload"
    yield f"host gw {{ kernel 6.1; {DATAPATHS[datapath]} }}"
    yield f"interface uplink {{ device {OUTSIDE}; mac {UPLINK}; address 198.51.100.1/24 }}"
    yield f"neighbor 198.51.100.254 on uplink {ROUTER}"
    yield "zone internet { interface uplink }"
    yield "pool public 100.64.0.0/10 at internet"
    yield f"policy internet -> machines {{ accept udp {PORT} via eip{offload} }}"
    yield f"policy machines -> internet {{ accept{offload} }}"
    if kind == "eips":
        yield f"interface vms {{ device {WIRE}; mac {INSIDE}; address 10.0.0.1/9 }}"
        yield "route default via 198.51.100.254"
        yield "zone machines { interface vms }"
    else:
        yield f"interface underlay {{ device {WIRE}; mac {UNDERLAY}; address {HERE}/24 }}"
        yield f"neighbor {THERE} on underlay {REMOTE}"
        yield f"tunnel overlay {{ type gretap; local {HERE}; on underlay; mac {INSIDE}; shared }}"
        yield "zone carrier { interface underlay }"
        yield f"zone machines {{ interface {', '.join(f'k{n}' for n in range(count))} }}"
        for n in range(count):
            key = FIRST_KEY + n
            yield f"vrf t{n} {{ table {key} }}"
            yield f"tunnel k{n} {{ over overlay; key {key}; remote {THERE}; vrf t{n}; address 10.0.1.1/24 }}"
            yield f"route default via 198.51.100.254 on uplink vrf t{n}"


def frames(kind: str, count: int, connections: int) -> dict[str, list[bytes]]:
    """Of each connection one from the client and one from its machine: the next connection is another machine's."""
    found: dict[str, list[bytes]] = {"to": [], "from": []}
    for number in range(connections):
        n, port = number % count, FIRST_PORT + number // count
        found["to"].append(ethernet(ROUTER, UPLINK, udp_packet(CLIENT, str(PUBLIC + n), port, PORT, b"benchmark")))
        packet = ethernet(mac(n), INSIDE, udp_packet(machine(kind, n), CLIENT, PORT, port, b"benchmark"))
        if kind == "keys":
            packet = ethernet(REMOTE, UNDERLAY, gre_packet(THERE, HERE, packet, key=FIRST_KEY + n))
        found["from"].append(packet)
    return found
