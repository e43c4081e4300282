"""Packets sent to other devices: linux/tc_act/tc_mirred.h. pyroute2 lacks the block (since 6.8)."""

from __future__ import annotations

from pyroute2.netlink import NLA_F_NESTED, nla

from flowc.backends.netlink.messages.tc_gen import tc_gen

TCA_EGRESS_REDIR = 1


class options(nla):  # noqa: N801  # pyroute2's style
    __slots__ = ()

    nla_flags = NLA_F_NESTED
    nla_map = (
        ("TCA_MIRRED_UNSPEC", "none"),
        ("TCA_MIRRED_TM", "hex"),
        ("TCA_MIRRED_PARMS", "tc_mirred"),
        ("TCA_MIRRED_PAD", "hex"),
        ("TCA_MIRRED_BLOCKID", "uint32"),
    )

    class tc_mirred(nla):  # noqa: N801  # pyroute2's style
        """The verdict, what becomes of the packet, and the device."""

        __slots__ = ()

        fields = (*tc_gen, ("eaction", "i"), ("ifindex", "I"))
