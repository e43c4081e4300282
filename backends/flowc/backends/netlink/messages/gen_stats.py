"""Statistics: linux/gen_stats.h. pyroute2 lacks what stands behind TCA_STATS_APP."""

from __future__ import annotations

from pyroute2.netlink import nla


class stats2(nla):  # noqa: N801  # pyroute2's style
    __slots__ = ()

    nla_map = (
        ("TCA_STATS_UNSPEC", "none"),
        ("TCA_STATS_BASIC", "basic"),
        ("TCA_STATS_RATE_EST", "hex"),
        ("TCA_STATS_QUEUE", "queue"),
        ("TCA_STATS_APP", "hex"),
        ("TCA_STATS_RATE_EST64", "hex"),
        ("TCA_STATS_PAD", "hex"),
        ("TCA_STATS_BASIC_HW", "basic"),
        ("TCA_STATS_PKT64", "uint64"),
    )

    class basic(nla):  # noqa: N801  # pyroute2's style
        """struct gnet_stats_basic."""

        __slots__ = ()

        fields = (("bytes", "Q"), ("packets", "I"))

    class queue(nla):  # noqa: N801  # pyroute2's style
        """struct gnet_stats_queue."""

        __slots__ = ()

        fields = (("qlen", "I"), ("backlog", "I"), ("drops", "I"), ("requeues", "I"), ("overlimits", "I"))
