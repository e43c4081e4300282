"""Checks of devices and tunnels."""

from __future__ import annotations

from flowc.checks.base import AnyCheck
from flowc.checks.links import (
    bridge_port,
    bridge_port_has_ip,
    device_made_twice,
    layer3_tunnel,
    mac_behind_several_keys,
    mtu_does_not_fit,
    shared_tunnel_keys,
    stacked_on_itself,
    tunnel_local_elsewhere,
    tunnel_mtu_too_large,
    tunnel_not_mirrored,
    tunnel_remote_unreachable,
    tunnel_through_itself,
    tunnel_to_itself,
    tunnel_without_other_end,
)

CHECKS: tuple[AnyCheck, ...] = (
    stacked_on_itself.CHECK,
    layer3_tunnel.CHECK,
    device_made_twice.CHECK,
    mtu_does_not_fit.CHECK,
    bridge_port.CHECK,
    tunnel_to_itself.CHECK,
    tunnel_local_elsewhere.CHECK,
    tunnel_remote_unreachable.CHECK,
    tunnel_through_itself.CHECK,
    tunnel_not_mirrored.CHECK,
    tunnel_without_other_end.CHECK,
    shared_tunnel_keys.CHECK,
    mac_behind_several_keys.CHECK,
    tunnel_mtu_too_large.CHECK,
    bridge_port_has_ip.CHECK,
)
