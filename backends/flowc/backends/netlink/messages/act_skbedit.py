"""What goes along with a packet: linux/tc_act/tc_skbedit.h. pyroute2 lacks what stands behind the flags."""

from __future__ import annotations

from pyroute2.netlink import NLA_F_NESTED, nla

from flowc.backends.netlink.messages.tc_gen import tc_gen


class options(nla):  # noqa: N801  # pyroute2's style
    __slots__ = ()

    nla_flags = NLA_F_NESTED
    nla_map = (
        ("TCA_SKBEDIT_UNSPEC", "none"),
        ("TCA_SKBEDIT_TM", "hex"),
        ("TCA_SKBEDIT_PARMS", "tc_skbedit"),
        ("TCA_SKBEDIT_PRIORITY", "uint32"),
        ("TCA_SKBEDIT_QUEUE_MAPPING", "uint16"),
        ("TCA_SKBEDIT_MARK", "uint32"),
        ("TCA_SKBEDIT_PAD", "hex"),
        ("TCA_SKBEDIT_PTYPE", "uint16"),
        ("TCA_SKBEDIT_MASK", "uint32"),
        ("TCA_SKBEDIT_FLAGS", "uint64"),
        ("TCA_SKBEDIT_QUEUE_MAPPING_MAX", "uint16"),
    )

    class tc_skbedit(nla):  # noqa: N801  # pyroute2's style
        """The verdict alone."""

        __slots__ = ()

        fields = tc_gen
