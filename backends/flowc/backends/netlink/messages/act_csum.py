"""Checksums: linux/tc_act/tc_csum.h."""

from __future__ import annotations

from pyroute2.netlink import NLA_F_NESTED, nla

from flowc.backends.netlink.messages.tc_gen import tc_gen


class options(nla):  # noqa: N801  # pyroute2's style
    __slots__ = ()

    nla_flags = NLA_F_NESTED
    nla_map = (
        ("TCA_CSUM_UNSPEC", "none"),
        ("TCA_CSUM_PARMS", "tc_csum"),
        ("TCA_CSUM_TM", "hex"),
        ("TCA_CSUM_PAD", "hex"),
    )

    class tc_csum(nla):  # noqa: N801  # pyroute2's style
        """`update_flags` are TCA_CSUM_UPDATE_FLAG_*."""

        __slots__ = ()

        fields = (*tc_gen, ("update_flags", "I"))
