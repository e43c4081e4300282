"""RTA_ENCAP of LWTUNNEL_ENCAP_IP and LWTUNNEL_ENCAP_IP6: `encap ip` and `encap ip6` of ip-route(8).

linux/lwtunnel.h; net/ipv4/ip_tunnel_core.c, ip_tun_build_state and ip6_tun_build_state.
"""

from __future__ import annotations

from typing import Any, ClassVar

from pyroute2.netlink import NLA_F_NESTED, nla, nlmsg
from pyroute2.netlink.rtnl import rtmsg as upstream

LWTUNNEL_ENCAP_IP = 2
LWTUNNEL_ENCAP_IP6 = 4
TUNNEL_KEY = 0x04
"""linux/if_tunnel.h: the packet has a key. Without it LWTUNNEL_IP_ID is not sent."""


class lwtunnel_ip(nla):  # noqa: N801  # pyroute2's style
    __slots__ = ()

    prefix = "LWTUNNEL_IP_"
    nla_flags = NLA_F_NESTED
    nla_map = (
        ("LWTUNNEL_IP_UNSPEC", "none"),
        ("LWTUNNEL_IP_ID", "be64"),
        ("LWTUNNEL_IP_DST", "ip4addr"),
        ("LWTUNNEL_IP_SRC", "ip4addr"),
        ("LWTUNNEL_IP_TTL", "uint8"),
        ("LWTUNNEL_IP_TOS", "uint8"),
        ("LWTUNNEL_IP_FLAGS", "be16"),
        ("LWTUNNEL_IP_PAD", "hex"),
        ("LWTUNNEL_IP_OPTS", "hex"),
    )


class lwtunnel_ip6(nla):  # noqa: N801  # pyroute2's style
    __slots__ = ()

    prefix = "LWTUNNEL_IP6_"
    nla_flags = NLA_F_NESTED
    nla_map = (
        ("LWTUNNEL_IP6_UNSPEC", "none"),
        ("LWTUNNEL_IP6_ID", "be64"),
        ("LWTUNNEL_IP6_DST", "ip6addr"),
        ("LWTUNNEL_IP6_SRC", "ip6addr"),
        ("LWTUNNEL_IP6_HOPLIMIT", "uint8"),
        ("LWTUNNEL_IP6_TC", "uint8"),
        ("LWTUNNEL_IP6_FLAGS", "be16"),
        ("LWTUNNEL_IP6_PAD", "hex"),
        ("LWTUNNEL_IP6_OPTS", "hex"),
    )


class _route(upstream.rtmsg_base):  # noqa: N801  # pyroute2's style
    __slots__ = ()

    encaps: ClassVar[dict[int, type[nla]]] = {
        **upstream.rtmsg_base.encaps,
        LWTUNNEL_ENCAP_IP: lwtunnel_ip,
        LWTUNNEL_ENCAP_IP6: lwtunnel_ip6,
    }

    @staticmethod
    def get_nh(*_: Any, **__: Any) -> type[nla]:  # noqa: ANN401  # pyroute2's
        return nh


class rtmsg(_route, nlmsg):  # noqa: N801  # pyroute2's style
    __slots__ = ()


class nh(_route, nla):  # noqa: N801  # pyroute2's style
    """One of RTA_MULTIPATH: struct rtnexthop, and attributes behind it."""

    __slots__ = ()

    is_nla = False
    cell_header = (("length", "H"),)
    fields = (("flags", "B"), ("hops", "B"), ("oif", "i"))
