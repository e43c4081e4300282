"""Addresses translated without conntrack: linux/tc_act/tc_nat.h."""

from __future__ import annotations

from pyroute2.netlink import NLA_F_NESTED, nla

from flowc.backends.netlink.messages.tc_gen import tc_gen

TCA_NAT_FLAG_EGRESS = 1


class options(nla):  # noqa: N801  # pyroute2's style
    __slots__ = ()

    nla_flags = NLA_F_NESTED
    nla_map = (
        ("TCA_NAT_UNSPEC", "none"),
        ("TCA_NAT_PARMS", "tc_nat"),
        ("TCA_NAT_TM", "hex"),
        ("TCA_NAT_PAD", "hex"),
    )

    class tc_nat(nla):  # noqa: N801  # pyroute2's style
        """Addresses and mask are four bytes in the order of the packet."""

        __slots__ = ()

        fields = (*tc_gen, ("old_addr", "4s"), ("new_addr", "4s"), ("mask", "4s"), ("flags", "I"))
