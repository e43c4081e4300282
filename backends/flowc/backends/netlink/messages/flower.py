"""The flower classifier: TCA_FLOWER_* of linux/pkt_cls.h up to the conntrack ones (since 5.3).

Numbers of VLANs and MPLS labels are in the host's order, whatever the header says (net/sched/cls_flower.c, fl_set_key).
"""

from __future__ import annotations

from typing import Any

from pyroute2.netlink import NLA_F_NESTED, nla, nlmsg

from flowc.backends.netlink.messages.act import tca_act_prio

TCA_CLS_FLAGS_SKIP_HW, TCA_CLS_FLAGS_SKIP_SW, TCA_CLS_FLAGS_IN_HW, TCA_CLS_FLAGS_NOT_IN_HW = 1, 2, 4, 8


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
        ("TCA_FLOWER_KEY_VLAN_ID", "uint16"),
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
        ("TCA_FLOWER_KEY_TCP_SRC_MASK", "be16"),
        ("TCA_FLOWER_KEY_TCP_DST_MASK", "be16"),
        ("TCA_FLOWER_KEY_UDP_SRC_MASK", "be16"),
        ("TCA_FLOWER_KEY_UDP_DST_MASK", "be16"),
        ("TCA_FLOWER_KEY_SCTP_SRC_MASK", "be16"),
        ("TCA_FLOWER_KEY_SCTP_DST_MASK", "be16"),
        ("TCA_FLOWER_KEY_SCTP_SRC", "be16"),
        ("TCA_FLOWER_KEY_SCTP_DST", "be16"),
        ("TCA_FLOWER_KEY_ENC_UDP_SRC_PORT", "be16"),
        ("TCA_FLOWER_KEY_ENC_UDP_SRC_PORT_MASK", "be16"),
        ("TCA_FLOWER_KEY_ENC_UDP_DST_PORT", "be16"),
        ("TCA_FLOWER_KEY_ENC_UDP_DST_PORT_MASK", "be16"),
        ("TCA_FLOWER_KEY_FLAGS", "be32"),
        ("TCA_FLOWER_KEY_FLAGS_MASK", "be32"),
        ("TCA_FLOWER_KEY_ICMPV4_CODE", "uint8"),
        ("TCA_FLOWER_KEY_ICMPV4_CODE_MASK", "uint8"),
        ("TCA_FLOWER_KEY_ICMPV4_TYPE", "uint8"),
        ("TCA_FLOWER_KEY_ICMPV4_TYPE_MASK", "uint8"),
        ("TCA_FLOWER_KEY_ICMPV6_CODE", "uint8"),
        ("TCA_FLOWER_KEY_ICMPV6_CODE_MASK", "uint8"),
        ("TCA_FLOWER_KEY_ICMPV6_TYPE", "uint8"),
        ("TCA_FLOWER_KEY_ICMPV6_TYPE_MASK", "uint8"),
        ("TCA_FLOWER_KEY_ARP_SIP", "ip4addr"),
        ("TCA_FLOWER_KEY_ARP_SIP_MASK", "ip4addr"),
        ("TCA_FLOWER_KEY_ARP_TIP", "ip4addr"),
        ("TCA_FLOWER_KEY_ARP_TIP_MASK", "ip4addr"),
        ("TCA_FLOWER_KEY_ARP_OP", "uint8"),
        ("TCA_FLOWER_KEY_ARP_OP_MASK", "uint8"),
        ("TCA_FLOWER_KEY_ARP_SHA", "l2addr"),
        ("TCA_FLOWER_KEY_ARP_SHA_MASK", "l2addr"),
        ("TCA_FLOWER_KEY_ARP_THA", "l2addr"),
        ("TCA_FLOWER_KEY_ARP_THA_MASK", "l2addr"),
        ("TCA_FLOWER_KEY_MPLS_TTL", "uint8"),
        ("TCA_FLOWER_KEY_MPLS_BOS", "uint8"),
        ("TCA_FLOWER_KEY_MPLS_TC", "uint8"),
        ("TCA_FLOWER_KEY_MPLS_LABEL", "uint32"),
        ("TCA_FLOWER_KEY_TCP_FLAGS", "be16"),
        ("TCA_FLOWER_KEY_TCP_FLAGS_MASK", "be16"),
        ("TCA_FLOWER_KEY_IP_TOS", "uint8"),
        ("TCA_FLOWER_KEY_IP_TOS_MASK", "uint8"),
        ("TCA_FLOWER_KEY_IP_TTL", "uint8"),
        ("TCA_FLOWER_KEY_IP_TTL_MASK", "uint8"),
        ("TCA_FLOWER_KEY_CVLAN_ID", "uint16"),
        ("TCA_FLOWER_KEY_CVLAN_PRIO", "uint8"),
        ("TCA_FLOWER_KEY_CVLAN_ETH_TYPE", "be16"),
        ("TCA_FLOWER_KEY_ENC_IP_TOS", "uint8"),
        ("TCA_FLOWER_KEY_ENC_IP_TOS_MASK", "uint8"),
        ("TCA_FLOWER_KEY_ENC_IP_TTL", "uint8"),
        ("TCA_FLOWER_KEY_ENC_IP_TTL_MASK", "uint8"),
        ("TCA_FLOWER_KEY_ENC_OPTS", "hex"),
        ("TCA_FLOWER_KEY_ENC_OPTS_MASK", "hex"),
        ("TCA_FLOWER_IN_HW_COUNT", "uint32"),
        ("TCA_FLOWER_KEY_PORT_SRC_MIN", "be16"),
        ("TCA_FLOWER_KEY_PORT_SRC_MAX", "be16"),
        ("TCA_FLOWER_KEY_PORT_DST_MIN", "be16"),
        ("TCA_FLOWER_KEY_PORT_DST_MAX", "be16"),
        ("TCA_FLOWER_KEY_CT_STATE", "uint16"),
        ("TCA_FLOWER_KEY_CT_STATE_MASK", "uint16"),
        ("TCA_FLOWER_KEY_CT_ZONE", "uint16"),
        ("TCA_FLOWER_KEY_CT_ZONE_MASK", "uint16"),
        ("TCA_FLOWER_KEY_CT_MARK", "uint32"),
        ("TCA_FLOWER_KEY_CT_MARK_MASK", "uint32"),
        ("TCA_FLOWER_KEY_CT_LABELS", "hex"),
        ("TCA_FLOWER_KEY_CT_LABELS_MASK", "hex"),
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
