"""The flower classifier: TCA_FLOWER_* of linux/pkt_cls.h up to the outer addresses of a tunnel."""

from __future__ import annotations

from typing import Any

from pyroute2.netlink import NLA_F_NESTED, nla, nlmsg

from flowc.backends.netlink.messages.act import tca_act_prio

TCA_CLS_FLAGS_SKIP_HW = 1


class options(nla):  # noqa: N801  # pyroute2's style
    __slots__ = ()

    nla_flags = NLA_F_NESTED
    nla_map = (
        ("TCA_FLOWER_UNSPEC", "none"),
        ("TCA_FLOWER_CLASSID", "uint32"),
        ("TCA_FLOWER_INDEV", "asciiz"),
        ("TCA_FLOWER_ACT", "tca_act_prio", NLA_F_NESTED),
        ("TCA_FLOWER_KEY_ETH_DST", "l2addr"),
        ("TCA_FLOWER_KEY_ETH_DST_MASK", "l2addr"),
        ("TCA_FLOWER_KEY_ETH_SRC", "l2addr"),
        ("TCA_FLOWER_KEY_ETH_SRC_MASK", "l2addr"),
        ("TCA_FLOWER_KEY_ETH_TYPE", "be16"),
        ("TCA_FLOWER_KEY_IP_PROTO", "uint8"),
        ("TCA_FLOWER_KEY_IPV4_SRC", "ip4addr"),
        ("TCA_FLOWER_KEY_IPV4_SRC_MASK", "ip4addr"),
        ("TCA_FLOWER_KEY_IPV4_DST", "ip4addr"),
        ("TCA_FLOWER_KEY_IPV4_DST_MASK", "ip4addr"),
        ("TCA_FLOWER_KEY_IPV6_SRC", "ip6addr"),
        ("TCA_FLOWER_KEY_IPV6_SRC_MASK", "ip6addr"),
        ("TCA_FLOWER_KEY_IPV6_DST", "ip6addr"),
        ("TCA_FLOWER_KEY_IPV6_DST_MASK", "ip6addr"),
        ("TCA_FLOWER_KEY_TCP_SRC", "be16"),
        ("TCA_FLOWER_KEY_TCP_DST", "be16"),
        ("TCA_FLOWER_KEY_UDP_SRC", "be16"),
        ("TCA_FLOWER_KEY_UDP_DST", "be16"),
        ("TCA_FLOWER_FLAGS", "uint32"),
        ("TCA_FLOWER_KEY_VLAN_ID", "be16"),
        ("TCA_FLOWER_KEY_VLAN_PRIO", "uint8"),
        ("TCA_FLOWER_KEY_VLAN_ETH_TYPE", "be16"),
        ("TCA_FLOWER_KEY_ENC_KEY_ID", "be32"),
        ("TCA_FLOWER_KEY_ENC_IPV4_SRC", "ip4addr"),
        ("TCA_FLOWER_KEY_ENC_IPV4_SRC_MASK", "ip4addr"),
        ("TCA_FLOWER_KEY_ENC_IPV4_DST", "ip4addr"),
        ("TCA_FLOWER_KEY_ENC_IPV4_DST_MASK", "ip4addr"),
        ("TCA_FLOWER_KEY_ENC_IPV6_SRC", "ip6addr"),
        ("TCA_FLOWER_KEY_ENC_IPV6_SRC_MASK", "ip6addr"),
        ("TCA_FLOWER_KEY_ENC_IPV6_DST", "ip6addr"),
        ("TCA_FLOWER_KEY_ENC_IPV6_DST_MASK", "ip6addr"),
    )

    tca_act_prio = tca_act_prio


class tcmsg(nlmsg):  # noqa: N801  # pyroute2's style
    """struct tcmsg of linux/rtnetlink.h, and what pyroute2 lacks behind TCA_STAB."""

    __slots__ = ()

    prefix = "TCA_"
    fields = (
        ("family", "B"),
        ("pad1", "B"),
        ("pad2", "H"),
        ("index", "i"),
        ("handle", "I"),
        ("parent", "I"),
        ("info", "I"),
    )
    nla_map = (
        ("TCA_UNSPEC", "none"),
        ("TCA_KIND", "asciiz"),
        ("TCA_OPTIONS", "get_options"),
        ("TCA_STATS", "hex"),
        ("TCA_XSTATS", "hex"),
        ("TCA_RATE", "hex"),
        ("TCA_FCNT", "hex"),
        ("TCA_STATS2", "hex"),
        ("TCA_STAB", "hex"),
        ("TCA_PAD", "hex"),
        ("TCA_DUMP_INVISIBLE", "flag"),
        ("TCA_CHAIN", "uint32"),
    )

    @staticmethod
    def get_options(message: Any, *_: Any, **__: Any) -> type[nla]:  # noqa: ANN401  # pyroute2's
        return options if message.get_attr("TCA_KIND") == "flower" else message.hex
