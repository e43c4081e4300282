"""The host of a thousand tenants that the benchmark of checks is about.

Each has a VRF, a wire, a zone, policies and a `nat` block of its own, the same private addresses as all others, and a
hundred rows of each kind: machines with an EIP, port forwards, neighbours, and routes by way of these. A few
uplinks are fronts of all of them. All but the policies and `nat` comes from CSV tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address
from pathlib import Path

ROWS_PER_TENANT = 100
UPLINKS = 4
RULES_PER_TENANT, SNATS_PER_TENANT = 20, 10
OFFLOADED = 250
"""Tenants, the first ones: with the uplinks, as many devices as a flowtable has room for."""
POOL_SIZE = 1 << 20
PUBLIC, FORWARDED, SHARED = IPv4Address("100.64.1.0"), IPv4Address("100.72.0.0"), IPv4Address("100.76.0.0")
"""Where the addresses of EIPs, of port forwards and of SNAT begin, in the first uplink's pool."""
INSIDE, ROUTERS, ROUTED = IPv4Address("10.0.1.0"), IPv4Address("10.0.64.0"), IPv4Address("10.1.0.0")
"""Where those of machines, of next hops and of what is behind these begin."""

HEADERS = {
    "endpoints": "name,address,interface,mac",
    "eips": "address,target",
    "forwards": "protocol,address,ports,target,target_ports,from,to",
    "neighbors": "address,interface,mac",
    "routes": "destination,via,interface,vrf",
}


def public(first: IPv4Address, tenant: int, n: int, each: int) -> IPv4Address:
    """Address N of a tenant's, which has so many, of its uplink's pool."""
    return first + tenant % UPLINKS * POOL_SIZE + tenant // UPLINKS * each + n


def write_tenants(folder: Path, count: int) -> Path:
    """A file with so many rows of each kind, and the tables beside it."""
    tenants = range(count // ROWS_PER_TENANT)
    lines = ["host gw { offload hardware }"]
    for n in range(UPLINKS):
        lines += [
            f"interface up{n} {{ device eth{n}; address 192.0.{n}.2/24 }}",
            f"neighbor 192.0.{n}.1 on up{n} managed",
            f"zone internet{n} {{ interface up{n} }}",
            f"pool public{n} {IPv4Address('100.64.0.0') + n * POOL_SIZE}/12 at internet{n}",
        ]
    lines += ["route default via 192.0.0.1", "policy internet0 -> self { accept tcp 22 }"]
    lines += [line for tenant in tenants for line in statements(tenant)]
    for kind, header in HEADERS.items():
        name = f"tenant-{kind}{count}.csv"
        table = [header, *(row for tenant in tenants for row in rows(kind, tenant)), ""]
        (folder / name).write_text("\n".join(table), encoding="utf-8")
        lines.append(f'{kind} from "{name}"')
    path = folder / f"tenants{count}.flow"
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return path


def statements(tenant: int) -> Iterator[str]:
    """All but the rows."""
    uplink = tenant % UPLINKS
    yield f"vrf t{tenant} {{ table {1000 + tenant} }}"
    yield f"interface in{tenant} {{ device tap{tenant}; address 10.0.0.1/16; vrf t{tenant} }}"
    yield f"route default via 192.0.{uplink}.1 on up{uplink} vrf t{tenant}"
    yield f"zone tenant{tenant} {{ interface in{tenant} }}"
    yield f"policy internet{uplink} -> tenant{tenant} {{"
    yield "    accept tcp {22, 80, 443}"
    offload = " offload" if tenant < OFFLOADED else ""
    yield from (f"    accept udp {5000 + n} to {INSIDE + n}{offload}" for n in range(RULES_PER_TENANT - 1))
    yield "}"
    yield f"policy tenant{tenant} -> internet{uplink} {{ accept }}"
    yield f"nat tenant{tenant} -> internet{uplink} {{"
    for n in range(SNATS_PER_TENANT):
        yield f"    snat {ROUTED + 2048 * n}/21 -> {public(SHARED, tenant, n, SNATS_PER_TENANT)}"
    yield "}"


def rows(kind: str, tenant: int) -> Iterator[str]:
    """A tenant's rows of one table."""
    for n in range(ROWS_PER_TENANT):
        name = f"vm{tenant}-{n}"
        mac = f"{tenant >> 8:02x}:{tenant & 255:02x}:{n:02x}"
        if kind == "endpoints":
            yield f"{name},{INSIDE + n},in{tenant},52:54:00:{mac}"
        elif kind == "eips":
            yield f"{public(PUBLIC, tenant, n, ROWS_PER_TENANT)},{name}"
        elif kind == "forwards":
            yield f"tcp,{public(FORWARDED, tenant, 0, 1)},{2000 + n},{name},22,internet{tenant % UPLINKS},tenant{tenant}"
        elif kind == "neighbors":
            yield f"{ROUTERS + n},in{tenant},52:54:01:{mac}"
        else:
            yield f"{ROUTED + 256 * n}/24,{ROUTERS + n},in{tenant},t{tenant}"
