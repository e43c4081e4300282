"""Conntrack: linux/tc_act/tc_ct.h."""

from __future__ import annotations

from pyroute2.netlink import NLA_F_NESTED, nla

from flowc.backends.netlink.messages.tc_gen import tc_gen

TCA_CT_ACT_CLEAR, TCA_CT_ACT_NAT = 1 << 2, 1 << 3


class options(nla):  # noqa: N801  # pyroute2's style
    __slots__ = ()

    nla_flags = NLA_F_NESTED
    nla_map = (
        ("TCA_CT_UNSPEC", "none"),
        ("TCA_CT_PARMS", "tc_ct"),
        ("TCA_CT_TM", "hex"),
        ("TCA_CT_ACTION", "uint16"),
        ("TCA_CT_ZONE", "uint16"),
        ("TCA_CT_MARK", "uint32"),
        ("TCA_CT_MARK_MASK", "uint32"),
        ("TCA_CT_LABELS", "hex"),
        ("TCA_CT_LABELS_MASK", "hex"),
        ("TCA_CT_NAT_IPV4_MIN", "ip4addr"),
        ("TCA_CT_NAT_IPV4_MAX", "ip4addr"),
        ("TCA_CT_NAT_IPV6_MIN", "ip6addr"),
        ("TCA_CT_NAT_IPV6_MAX", "ip6addr"),
        ("TCA_CT_NAT_PORT_MIN", "be16"),
        ("TCA_CT_NAT_PORT_MAX", "be16"),
        ("TCA_CT_PAD", "hex"),
        ("TCA_CT_HELPER_NAME", "asciiz"),
        ("TCA_CT_HELPER_FAMILY", "uint8"),
        ("TCA_CT_HELPER_PROTO", "uint8"),
    )

    class tc_ct(nla):  # noqa: N801  # pyroute2's style
        """The verdict alone."""

        __slots__ = ()

        fields = tc_gen
