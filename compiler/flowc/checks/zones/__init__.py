"""Checks of zones and policies: who may talk to whom, and whether anybody ever does."""

from __future__ import annotations

from flowc.checks.base import AnyCheck
from flowc.checks.zones import (
    address_not_in_zone,
    any_policies_overlap,
    endpoint_without_zone,
    host_is_closed,
    interface_without_zone,
    policy_overridden,
    policy_without_path,
    redundant_rule,
    shadowed_rule,
    strict_without_endpoints,
    target_not_admitted,
    zone_family_left_out,
    zone_part_empty,
    zone_parts_overlap,
)

CHECKS: tuple[AnyCheck, ...] = (
    interface_without_zone.CHECK,
    host_is_closed.CHECK,
    zone_parts_overlap.CHECK,
    shadowed_rule.CHECK,
    redundant_rule.CHECK,
    address_not_in_zone.CHECK,
    policy_without_path.CHECK,
    policy_overridden.CHECK,
    any_policies_overlap.CHECK,
    target_not_admitted.CHECK,
    zone_family_left_out.CHECK,
    zone_part_empty.CHECK,
    endpoint_without_zone.CHECK,
    strict_without_endpoints.CHECK,
)
