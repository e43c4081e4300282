"""Network devices: those flowc creates and those it only configures."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from flowc.source import Span


class LinkKind(StrEnum):
    """`ip link add ... type KIND`; EXISTING is a device that flowc did not create and will not delete."""

    EXISTING = "existing"
    VRF = "vrf"
    VLAN = "vlan"
    BRIDGE = "bridge"
    VETH = "veth"
    GRE = "gre"
    GRETAP = "gretap"
    IP6GRE = "ip6gre"
    IP6GRETAP = "ip6gretap"


@dataclass(frozen=True, slots=True)
class GreTunnel:
    """What `type gretap` and its relatives take. `ikey`/`okey` are None for a keyless tunnel, up to 2^32-1.

    `external` is a collect-metadata device: it has no remote and no key of its own (kernel:
    net/ipv4/ip_gre.c `ipgre_netlink_parms`, IFLA_GRE_COLLECT_METADATA), and one network namespace holds only one.
    """

    local: str | None
    remote: str | None
    ikey: int | None = None
    okey: int | None = None
    ttl: int | None = None
    underlay: str | None = None
    """Device the tunnel is bound to (`dev`)."""
    external: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """One device as it shall be. None means: as the kernel made it."""

    device: str
    kind: LinkKind
    span: Span = field(compare=False)
    master: str | None = None
    """VRF or bridge device it is enslaved to."""
    mtu: int | None = None
    mac: str | None = None
    table: int | None = None
    """VRF: its routing table."""
    vlan: tuple[str, int] | None = None
    """VLAN: parent device and id."""
    peer: str | None = None
    """veth: the other end."""
    tunnel: GreTunnel | None = None
    up: bool = True
    """Lowering wants all of them up; one that is read may be down."""

    @property
    def below(self) -> tuple[str, ...]:
        """Devices that have to be there for it: its master, its VLAN's parent, its tunnel's underlay."""
        underlay = self.tunnel.underlay if self.tunnel else None
        parent = self.vlan[0] if self.vlan else None
        return tuple(device for device in (self.master, parent, underlay) if device is not None)

    @property
    def created(self) -> bool:
        return self.kind is not LinkKind.EXISTING
