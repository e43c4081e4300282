"""What drivers of NICs take of tc's filters, as far as it was read in the source of a release.

A driver refuses a filter with an action that it does not know, as a whole; without `skip_sw` the kernel does it in software
then. Of nfp and sfc there is nothing here: they take connection tracking, and what else decides it was not found in a
release (docs/adr/0014-tc-datapath.md, Drivers).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class FilterLimits(NamedTuple):
    actions: tuple[str, ...]
    """All that it takes, in tc's words."""
    source: str
    """File of the kernel below drivers/net/ethernet, function and release."""
    ct_states: tuple[str, ...] = ()
    """What it matches of connection tracking, in tc's words."""


LIMITS: Mapping[str, FilterLimits] = {
    "cxgb4": FilterLimits(
        ("pass", "drop", "mirred egress redirect", "vlan", "pedit", "skbedit queue_mapping"),
        "chelsio/cxgb4/cxgb4_tc_flower.c, cxgb4_validate_flow_actions, 6.18.1",
    ),
    "ice": FilterLimits(
        ("drop", "mirred egress redirect"), "intel/ice/ice_tc_lib.c, ice_eswitch_tc_parse_action, 6.1.75"
    ),
    "mlx5_core": FilterLimits(
        (
            "pass",
            "drop",
            "trap",
            "goto",
            "mirred egress redirect",
            "mirred egress mirror",
            "mirred ingress redirect",
            "vlan",
            "mpls",
            "tunnel_key",
            "pedit",
            "csum",
            "skbedit ptype",
            "sample",
            "police",
            "ct",
        ),
        "mellanox/mlx5/core/en/tc/act/act.c, tc_acts_fdb, and en/tc_ct.c, mlx5_tc_ct_match_add, 6.6",
        ct_states=("trk", "est", "new", "rpl"),
    ),
}
"""By the name of the driver, as `ethtool -i` prints it."""


def refuses(driver: str | None, action: str) -> FilterLimits | None:
    """Its limits, if it is known to refuse filters with an action; None if it takes them, or nothing is known."""
    limits = LIMITS.get(driver or "")
    return None if limits is None or action in limits.actions else limits
