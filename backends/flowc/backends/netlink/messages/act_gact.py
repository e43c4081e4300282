"""Generic verdicts: linux/tc_act/tc_gact.h. pyroute2 lacks what stands behind the probability."""

from __future__ import annotations

from pyroute2.netlink import NLA_F_NESTED, nla

from flowc.backends.netlink.messages.tc_gen import tc_gen


class options(nla):  # noqa: N801  # pyroute2's style
    __slots__ = ()

    nla_flags = NLA_F_NESTED
    nla_map = (
        ("TCA_GACT_UNSPEC", "none"),
        ("TCA_GACT_TM", "hex"),
        ("TCA_GACT_PARMS", "tc_gact"),
        ("TCA_GACT_PROB", "hex"),
        ("TCA_GACT_PAD", "hex"),
    )

    class tc_gact(nla):  # noqa: N801  # pyroute2's style
        """The verdict alone."""

        __slots__ = ()

        fields = tc_gen
