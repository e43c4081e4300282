"""Outer headers of tunnels: linux/tc_act/tc_tunnel_key.h."""

from __future__ import annotations

from pyroute2.netlink import NLA_F_NESTED, nla

from flowc.backends.netlink.messages.tc_gen import tc_gen

TCA_TUNNEL_KEY_ACT_SET, TCA_TUNNEL_KEY_ACT_RELEASE = 1, 2


class options(nla):  # noqa: N801  # pyroute2's style
    __slots__ = ()

    nla_flags = NLA_F_NESTED
    nla_map = (
        ("TCA_TUNNEL_KEY_UNSPEC", "none"),
        ("TCA_TUNNEL_KEY_TM", "hex"),
        ("TCA_TUNNEL_KEY_PARMS", "tc_tunnel_key"),
        ("TCA_TUNNEL_KEY_ENC_IPV4_SRC", "ip4addr"),
        ("TCA_TUNNEL_KEY_ENC_IPV4_DST", "ip4addr"),
        ("TCA_TUNNEL_KEY_ENC_IPV6_SRC", "ip6addr"),
        ("TCA_TUNNEL_KEY_ENC_IPV6_DST", "ip6addr"),
        ("TCA_TUNNEL_KEY_ENC_KEY_ID", "be32"),
        ("TCA_TUNNEL_KEY_PAD", "hex"),
        ("TCA_TUNNEL_KEY_ENC_DST_PORT", "be16"),
        ("TCA_TUNNEL_KEY_NO_CSUM", "uint8"),
        ("TCA_TUNNEL_KEY_ENC_OPTS", "hex"),
        ("TCA_TUNNEL_KEY_ENC_TOS", "uint8"),
        ("TCA_TUNNEL_KEY_ENC_TTL", "uint8"),
        ("TCA_TUNNEL_KEY_NO_FRAG", "flag"),
    )

    class tc_tunnel_key(nla):  # noqa: N801  # pyroute2's style
        """The verdict, and whether a header is set or forgotten."""

        __slots__ = ()

        fields = (*tc_gen, ("t_action", "i"))
