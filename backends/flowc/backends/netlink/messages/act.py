"""Actions of a tc filter: as pyroute2 has them, and what it lacks of linux/pkt_cls.h, among it the cookie (since 4.11)."""

from __future__ import annotations

from pyroute2.netlink import NLA_F_NESTED, nla
from pyroute2.netlink.rtnl.tcmsg.common_act import nla_plus_tca_act_opt

TCA_ACT_MAX_PRIO = 32
TC_ACT_OK, TC_ACT_PIPE = 0, 3


class tca_act_prio(nla):  # noqa: N801  # pyroute2's style
    __slots__ = ()

    nla_map = tuple((f"TCA_ACT_PRIO_{number}", "tca_act") for number in range(TCA_ACT_MAX_PRIO))

    class tca_act(nla_plus_tca_act_opt, nla):  # noqa: N801  # pyroute2's style
        """One action: its kind, and what that takes."""

        __slots__ = ()

        nla_map = (
            ("TCA_ACT_UNSPEC", "none"),
            ("TCA_ACT_KIND", "asciiz"),
            ("TCA_ACT_OPTIONS", "get_act_options", NLA_F_NESTED),
            ("TCA_ACT_INDEX", "hex"),
            ("TCA_ACT_STATS", "hex"),
            ("TCA_ACT_PAD", "hex"),
            ("TCA_ACT_COOKIE", "cdata"),
            ("TCA_ACT_FLAGS", "hex"),
            ("TCA_ACT_HW_STATS", "hex"),
            ("TCA_ACT_USED_HW_STATS", "hex"),
            ("TCA_ACT_IN_HW_COUNT", "uint32"),
        )
