"""What drivers of NICs take of tc's filters, as far as it was read in the source of a release.

A driver refuses a filter with an action that it does not know, as a whole; without `skip_sw` the kernel does it in software
then. Of mlx5, nfp and sfc there is nothing here: they take connection tracking, and what else decides it is in the firmware
or was not found in a release (docs/adr/0014-tc-datapath.md, Drivers).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class FilterLimits(NamedTuple):
    actions: tuple[str, ...]
    """All that it takes, in tc's words."""
    source: str
    """File of the kernel below drivers/net/ethernet, function and release."""


LIMITS: Mapping[str, FilterLimits] = {
    "cxgb4": FilterLimits(
        ("pass", "drop", "mirred egress redirect", "vlan", "pedit", "skbedit queue_mapping"),
        "chelsio/cxgb4/cxgb4_tc_flower.c, cxgb4_validate_flow_actions, 6.18.1",
    ),
    "ice": FilterLimits(
        ("drop", "mirred egress redirect"), "intel/ice/ice_tc_lib.c, ice_eswitch_tc_parse_action, 6.1.75"
    ),
}
"""By the name of the driver, as `ethtool -i` prints it."""


def refuses(driver: str | None, action: str) -> FilterLimits | None:
    """Its limits, if it is known to refuse filters with an action; None if it takes them, or nothing is known."""
    limits = LIMITS.get(driver or "")
    return None if limits is None or action in limits.actions else limits
