"""The facts of one host, as pydantic models: they are the schema of the document.

What could not be read is None and is left out of the document; `missing` says why. An empty tuple is something else:
there are none. Readers ignore keys they do not know, so within one version new ones may appear.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from flowc.ir.addresses import WIDTH, Family, format_address, mask, parse_address

VERSION = 1
"""Of the document. A change that an older reader would misunderstand makes it 2."""


def _address(text: str) -> str:
    return format_address(*parse_address(text))


def _split(text: str) -> tuple[Family, int, int]:
    """Family, address and length. Raises ValueError."""
    head, slash, tail = text.partition("/")
    family, address = parse_address(head)
    if not slash or not tail.isdecimal() or len(tail) > 3 or int(tail) > WIDTH[family]:
        raise ValueError(f"`{text}` has no prefix length")
    return family, address, int(tail)


def _interface(text: str) -> str:
    family, address, length = _split(text)
    return f"{format_address(family, address)}/{length}"


def _network(text: str) -> str:
    family, address, length = _split(text)
    if mask(family, address, length) != address:
        raise ValueError(f"`{text}` is not a network: host bits are set")
    return f"{format_address(family, address)}/{length}"


def _moment(time: datetime) -> datetime:
    try:
        time.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("in UTC it is before the year 1 or after 9999") from error
    return time


AddressText: TypeAlias = Annotated[str, AfterValidator(_address)]
InterfaceText: TypeAlias = Annotated[str, AfterValidator(_interface)]
NetworkText: TypeAlias = Annotated[str, AfterValidator(_network)]
DeviceName: TypeAlias = Annotated[str, Field(min_length=1, max_length=15)]
"""The kernel's IFNAMSIZ is 16 with the final NUL."""
MacText: TypeAlias = Annotated[str, Field(pattern="^[0-9a-f]{2}(:[0-9a-f]{2})*$")]
"""A link-layer address in lower case; that of InfiniBand has twenty bytes."""
HexText: TypeAlias = Annotated[str, Field(pattern="^([0-9a-f]{2})+$")]
"""Bytes in lower case, without anything between them."""
Port: TypeAlias = Annotated[int, Field(ge=1, le=65535)]
U8: TypeAlias = Annotated[int, Field(ge=0, le=0xFF)]
U32: TypeAlias = Annotated[int, Field(ge=0, le=0xFFFFFFFF)]
Vlan: TypeAlias = Annotated[int, Field(ge=0, le=4095)]
Moment: TypeAlias = Annotated[AwareDatetime, AfterValidator(_moment)]


class _Model(BaseModel):
    """Frozen, and strict: a number that is written as text is a mistake in the document."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", use_attribute_docstrings=True)


class Kernel(_Model):
    release: str
    """As `uname -r` prints it."""
    version: tuple[U32, U32]
    """Its major and minor number."""


class Tools(_Model):
    """Versions as the tools print them, without a leading `v`."""

    nft: str | None = None
    iproute2: str | None = None


class TunnelEnds(_Model):
    """The outer side of a GRE tunnel. Keys are numbers; no key is not key 0."""

    local: AddressText | None = None
    remote: AddressText | None = None
    ikey: U32 | None = None
    okey: U32 | None = None
    external: bool = False
    """A collect-metadata device, which takes keys and remotes from routes."""


class Link(_Model):
    name: DeviceName
    kind: str | None = None
    """Of `ip -d link`: `vrf`, `bridge`, `veth`, `tun`, ...; None for a NIC."""
    driver: str | None = None
    """As `ethtool -i` prints it."""
    alias: str | None = None
    mac: MacText | None = None
    mtu: U32 | None = None
    min_mtu: U32 | None = None
    max_mtu: U32 | None = None
    """What the driver takes; None where the kernel does not say or sets no limit."""
    master: DeviceName | None = None
    """The bridge, VRF or bond it belongs to."""
    parent: DeviceName | None = None
    """The device it stands on, as a VLAN does."""
    up: bool | None = None
    operstate: str | None = None
    """`up`, `down`, `lowerlayerdown`, `dormant`, `testing`, `notpresent` or `unknown` (RFC 2863)."""
    table: U32 | None = None
    """Of a VRF: its routing table."""
    vlan: Vlan | None = None
    """Of a VLAN: its number."""
    tunnel: TunnelEnds | None = None
    """Of a GRE tunnel."""
    hw_tc_offload: bool | None = None
    """The feature `hw-tc-offload` of ethtool."""
    eswitch: str | None = None
    """The mode of the NIC's embedded switch: `legacy` or `switchdev`. None where it has none."""
    switch_id: HexText | None = None
    """Of the embedded switch that it is a port of: `switchid` of `ip -d link`. None where it is no port of one."""
    port_name: str | None = None
    """Its name there, `portname` of `ip -d link`: `p0` is an uplink, `pf0vf1` a representor."""


class Address(_Model):
    device: DeviceName
    address: InterfaceText
    """With its prefix length."""


class NextHop(_Model):
    gateway: AddressText | None = None
    device: DeviceName | None = None


class Route(_Model):
    table: U32
    destination: NetworkText
    kind: str = "unicast"
    """As in ip-route(8): `unicast`, `local`, `unreachable`, `blackhole`, ..."""
    nexthops: tuple[NextHop, ...] = ()
    metric: U32 = 0
    protocol: U8 | None = None
    """Who made it: /etc/iproute2/rt_protos. 2 is the kernel, 102 is flowc."""


class Neighbor(_Model):
    device: DeviceName
    address: AddressText
    mac: MacText | None = None
    state: Literal["incomplete", "reachable", "stale", "delay", "probe", "failed", "noarp", "permanent", "none"]


class Listener(_Model):
    """A socket that takes connections, or datagrams of anyone."""

    protocol: Literal["tcp", "udp"]
    address: AddressText
    """`0.0.0.0` and `::` are any."""
    port: Port
    device: DeviceName | None = None
    """It is bound to this device, which may be a VRF."""
    ipv6_only: bool = False
    """On `::` it does not take IPv4."""
    process: str | None = None
    """The name of one that has it open; None where that could not be seen."""


class ModuleState(StrEnum):
    LOADED = "loaded"
    BUILTIN = "builtin"
    AVAILABLE = "available"
    """Installed, and loaded when it is needed."""
    ABSENT = "absent"


class Missing(_Model):
    """Something that could not be read."""

    field: str
    """Its key in this document, with the device where it is one's: `links[eth0].driver`."""
    reason: str


class Facts(_Model):
    """What a host is and has."""

    version: Literal[1]
    hostname: str | None = None
    taken: Moment | None = None
    """When it was read."""
    netns: str | None = None
    """The network namespace that was read, where it was not the first one."""
    kernel: Kernel | None = None
    tools: Tools = Tools()
    links: tuple[Link, ...] | None = None
    addresses: tuple[Address, ...] | None = None
    routes: tuple[Route, ...] | None = None
    """Those of all tables, but for what follows from an address (local, broadcast, multicast) and what is for some sources
    only."""
    neighbors: tuple[Neighbor, ...] | None = None
    sysctls: Mapping[str, str] | None = None
    """By key in the slash form, `net/ipv4/conf/eth0.100/rp_filter`: device names may contain dots."""
    listeners: tuple[Listener, ...] | None = None
    modules: Mapping[str, ModuleState] | None = None
    """Those that flowc's output can need."""
    missing: tuple[Missing, ...] = ()


def schema() -> dict[str, object]:
    """The JSON Schema of the document (draft 2020-12)."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"flowc host facts, version {VERSION}",
        **{key: value for key, value in Facts.model_json_schema().items() if key != "title"},
    }
