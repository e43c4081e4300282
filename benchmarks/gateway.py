"""The large gateway that the benchmarks are about.

N machines with a MAC and an EIP each, a tunnel with a key of its own for every hundred of them, three VRFs with the same
private addresses, ten zones and the policies between them, as statements and as CSV tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address
from pathlib import Path
from typing import NamedTuple

VRFS = 3
ROWS_PER_TUNNEL = 100
INSIDE, PUBLIC, TUNNELS = IPv4Address("10.0.1.0"), IPv4Address("100.64.1.0"), IPv4Address("172.16.0.0")
PUBLIC_PREFIX = IPv4Address("100.64.0.0")
POOL_SIZE = 1 << 20


def gateway(tunnels: int) -> str:
    """All but the rows. Without offload: a flowtable would need the devices to exist when nft checks it."""
    return "\n".join(
        [
            "host gw { offload off }",
            "interface underlay { device eth0; address 198.51.100.1/24 }",
            "zone carrier { interface underlay }",
            "policy carrier -> self { accept tcp 22 }",
            *(line for vrf in range(VRFS) for line in tenant(vrf, range(vrf, tunnels, VRFS))),
            "",
        ]
    )


def tenant(vrf: int, tunnels: range) -> Iterator[str]:
    """A VRF with its interfaces and tunnels, its three zones and its pool."""
    yield f"vrf v{vrf} {{ table {1000 + vrf} }}"
    yield f"interface vms{vrf} {{ device tap{vrf}; address 10.0.0.1/8; vrf v{vrf} }}"
    yield f"interface up{vrf}  {{ device eth{vrf + 1}; address 192.0.2.{16 * vrf + 2}/28; vrf v{vrf} }}"
    yield f"route default via 192.0.2.{16 * vrf + 1} vrf v{vrf}"
    yield f"neighbor 192.0.2.{16 * vrf + 1} on up{vrf} managed"
    for n in tunnels:
        yield (
            f"tunnel t{n} {{ type gretap; key {n + 1}; local 198.51.100.1; remote 198.51.100.2; vrf v{vrf}; "
            f"address {TUNNELS + 4 * n + 1}/30 }}"
        )
    yield f"zone tenant{vrf}   {{ interface vms{vrf} }}"
    yield f"zone internet{vrf} {{ interface up{vrf} }}"
    yield f"zone branches{vrf} {{ interface {', '.join(f't{n}' for n in tunnels)} }}"
    yield f"pool public{vrf} {PUBLIC_PREFIX + vrf * POOL_SIZE}/12 at internet{vrf}"
    yield f"policy internet{vrf} -> tenant{vrf} {{ accept tcp {{80, 443}} via eip; accept icmp limit 10/second }}"
    yield f"policy tenant{vrf} -> internet{vrf} {{ accept }}"
    yield f"policy tenant{vrf} -> branches{vrf} {{ accept }}"
    yield f"policy branches{vrf} -> tenant{vrf} {{ accept tcp 22; accept icmp }}"


class Machine(NamedTuple):
    """An endpoint and its EIP."""

    name: str
    address: str
    interface: str
    mac: str
    public: str


def machines(count: int) -> list[Machine]:
    """The VRFs have one each in turn."""
    return [
        Machine(
            f"vm{n}",
            str(INSIDE + n // VRFS),
            f"vms{n % VRFS}",
            f"52:54:00:{n >> 16:02x}:{n >> 8 & 255:02x}:{n & 255:02x}",
            str(PUBLIC + n % VRFS * POOL_SIZE + n // VRFS),
        )
        for n in range(count)
    ]


def write_statements(folder: Path, count: int) -> Path:
    """One file with everything in it."""
    rows = [
        f"endpoint {one.name} {{ address {one.address}; interface {one.interface}; mac {one.mac} }}\n"
        f"eip {one.public} <-> {one.name}\n"
        for one in machines(count)
    ]
    path = folder / f"statements{count}.flow"
    path.write_text(gateway(count // ROWS_PER_TUNNEL) + "".join(rows), encoding="utf-8")
    return path


def write_tables(folder: Path, count: int) -> Path:
    """The same with two tables."""
    found = machines(count)
    endpoints = "".join(f"{one.name},{one.address},{one.interface},{one.mac}\n" for one in found)
    eips = "".join(f"{one.public},{one.name}\n" for one in found)
    (folder / f"endpoints{count}.csv").write_text(f"name,address,interface,mac\n{endpoints}", encoding="utf-8")
    (folder / f"eips{count}.csv").write_text(f"address,target\n{eips}", encoding="utf-8")
    path = folder / f"tables{count}.flow"
    path.write_text(
        f'{gateway(count // ROWS_PER_TUNNEL)}endpoints from "endpoints{count}.csv"\neips from "eips{count}.csv"\n',
        encoding="utf-8",
    )
    return path
