"""Checks of what is to be offloaded."""

from __future__ import annotations

from flowc.checks.base import AnyCheck
from flowc.checks.offload import (
    datapath_explained,
    helper_and_offload,
    left_to_nft,
    never_offloaded,
    not_in_hardware,
    offload_explained,
    offload_is_off,
    path_not_in_flowtable,
    shared_tunnel_offload,
    stateless_explained,
    stateless_kept,
    too_many_offload_devices,
    too_many_vlan_tags,
    tunnel_not_in_hardware,
)

CHECKS: tuple[AnyCheck, ...] = (
    offload_is_off.CHECK,
    helper_and_offload.CHECK,
    shared_tunnel_offload.CHECK,
    never_offloaded.CHECK,
    not_in_hardware.CHECK,
    tunnel_not_in_hardware.CHECK,
    path_not_in_flowtable.CHECK,
    too_many_vlan_tags.CHECK,
    too_many_offload_devices.CHECK,
    offload_explained.CHECK,
    left_to_nft.CHECK,
    datapath_explained.CHECK,
    stateless_kept.CHECK,
    stateless_explained.CHECK,
)
