"""The parameters of GRE tunnels, IFLA_GRE_* (linux/if_tunnel.h), as `ip link add` sends them.

A message without one of them means its default, when a tunnel is made and when it is changed (net/ipv4/ip_gre.c,
`ipgre_netlink_parms`; net/ipv6/ip6_gre.c, `ip6gre_netlink_parms`): so all of them are always sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flowc.backends.netlink import wire
from flowc.hoststate import GreTunnel, LinkKind
from flowc.hoststate.routing import Family

FAMILY: Mapping[LinkKind, Family] = {
    LinkKind.GRE: 4,
    LinkKind.GRETAP: 4,
    LinkKind.IP6GRE: 6,
    LinkKind.IP6GRETAP: 6,
}

_LINK, _IFLAGS, _OFLAGS, _IKEY, _OKEY, _LOCAL, _REMOTE, _TTL, _TOS, _PMTUDISC = range(1, 11)
_ENCAP_LIMIT, _FLOWINFO, _FLAGS, _COLLECT_METADATA = 11, 12, 13, 18
_KEY = 0x2000  # GRE_KEY
_DEFAULT_HOP_LIMIT, _DEFAULT_ENCAP_LIMIT = 64, 4
"""What iproute2 sends for IPv6 (ip/ip6tunnel.c, linux/ip6_tunnel.h IPV6_DEFAULT_TNL_ENCAP_LIMIT); the kernel's are 0."""


def encoded(kind: LinkKind, tunnel: GreTunnel, underlay: int | None) -> bytes:
    """IFLA_INFO_DATA. `underlay` is the index of the tunnel's underlay."""
    if tunnel.external:
        return wire.attribute(_COLLECT_METADATA, b"")
    return b"".join(_encoded(FAMILY[kind], tunnel, underlay))


def _encoded(family: Family, tunnel: GreTunnel, underlay: int | None) -> Iterator[bytes]:
    for flags, number, key in ((_IFLAGS, _IKEY, tunnel.ikey), (_OFLAGS, _OKEY, tunnel.okey)):
        yield wire.be16(flags, 0 if key is None else _KEY)
        yield wire.be32(number, key or 0)
    if tunnel.local is not None:
        yield wire.ip(_LOCAL, family, tunnel.local)
    if tunnel.remote is not None:
        yield wire.ip(_REMOTE, family, tunnel.remote)
    if underlay is not None:
        yield wire.u32(_LINK, underlay)
    if family == 4:
        yield wire.u8(_TTL, tunnel.ttl or 0)
        yield wire.u8(_PMTUDISC, 1)
        yield wire.u8(_TOS, 0)
    else:
        yield wire.u8(_TTL, _DEFAULT_HOP_LIMIT if tunnel.ttl is None else tunnel.ttl)
        yield wire.u8(_ENCAP_LIMIT, _DEFAULT_ENCAP_LIMIT)
        yield wire.be32(_FLOWINFO, 0)
        yield wire.u32(_FLAGS, 0)


def decoded(kind: LinkKind, data: bytes, names: Mapping[int, str], wanted: GreTunnel | None) -> GreTunnel:
    """What the kernel keeps. Of an external one that is nothing else: then its ends are those that are wanted."""
    own = wire.attributes(data)
    if _COLLECT_METADATA in own:
        if wanted is not None and wanted.external:
            return wanted
        return GreTunnel(None, None, external=True)
    underlay = wire.number(own.get(_LINK))
    return GreTunnel(
        local=_end(own.get(_LOCAL)),
        remote=_end(own.get(_REMOTE)),
        ikey=_key(own.get(_IFLAGS), own.get(_IKEY)),
        okey=_key(own.get(_OFLAGS), own.get(_OKEY)),
        ttl=_ttl(FAMILY[kind], wire.number(own.get(_TTL)), wanted),
        # The kernel remembers the index of a device that is gone, too.
        underlay=names.get(underlay, f"if{underlay}") if underlay else None,
    )


def _end(value: bytes | None) -> str | None:
    return wire.address_text(value) if value is not None and any(value) else None


def _key(flags: bytes | None, key: bytes | None) -> int | None:
    return wire.be_number(key) if wire.be_number(flags) & _KEY else None


def _ttl(family: Family, ttl: int, wanted: GreTunnel | None) -> int | None:
    """0 takes over the packet's. Over IPv6, 64 is what a tunnel has that says nothing, and it may be said too."""
    if not ttl:
        return None
    unsaid = family == 6 and ttl == _DEFAULT_HOP_LIMIT and (wanted is None or wanted.ttl is None)
    return None if unsaid else ttl
