"""Actions of a tc filter: TCA_ACT_* of linux/pkt_cls.h. pyroute2 lacks kinds, and what stands behind the statistics."""

from __future__ import annotations

from typing import Any

from pyroute2.netlink import NLA_F_NESTED, nla

from flowc.backends.netlink.messages import (
    act_csum,
    act_ct,
    act_gact,
    act_mirred,
    act_nat,
    act_pedit,
    act_police,
    act_skbedit,
    act_tunnel_key,
)
from flowc.backends.netlink.messages.gen_stats import stats2

TCA_ACT_MAX_PRIO = 32
KINDS: dict[str, type[nla]] = {
    "csum": act_csum.options,
    "ct": act_ct.options,
    "gact": act_gact.options,
    "mirred": act_mirred.options,
    "nat": act_nat.options,
    "pedit": act_pedit.options,
    "police": act_police.options,
    "skbedit": act_skbedit.options,
    "tunnel_key": act_tunnel_key.options,
}


class bitfield32(nla):  # noqa: N801  # pyroute2's style
    """struct nla_bitfield32 of linux/netlink.h."""

    __slots__ = ()

    fields = (("value", "I"), ("selector", "I"))


class tca_act(nla):  # noqa: N801  # pyroute2's style
    """One action: its kind, and what that takes."""

    __slots__ = ()

    nla_map = (
        ("TCA_ACT_UNSPEC", "none"),
        ("TCA_ACT_KIND", "asciiz"),
        ("TCA_ACT_OPTIONS", "get_act_options", NLA_F_NESTED),
        ("TCA_ACT_INDEX", "uint32"),
        ("TCA_ACT_STATS", "stats2"),
        ("TCA_ACT_PAD", "hex"),
        ("TCA_ACT_COOKIE", "cdata"),
        ("TCA_ACT_FLAGS", "bitfield32"),
        ("TCA_ACT_HW_STATS", "bitfield32"),
        ("TCA_ACT_USED_HW_STATS", "bitfield32"),
        ("TCA_ACT_IN_HW_COUNT", "uint32"),
    )

    stats2 = stats2
    bitfield32 = bitfield32

    @staticmethod
    def get_act_options(message: Any, *_: Any, **__: Any) -> type[nla]:  # noqa: ANN401  # pyroute2's
        kind: type[nla] = KINDS.get(message.get_attr("TCA_ACT_KIND"), message.hex)
        return kind


class tca_act_prio(nla):  # noqa: N801  # pyroute2's style
    """Actions in order; TCA_ACT_PRIO_1 is the first."""

    __slots__ = ()

    nla_map = tuple((f"TCA_ACT_PRIO_{number}", "tca_act") for number in range(TCA_ACT_MAX_PRIO + 1))

    tca_act = tca_act
