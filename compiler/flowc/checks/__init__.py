"""Checks: what is wrong or surprising with a network whose every name and value is fine by itself.

A check is one file with its code, its explanation and two examples, and one line in `CHECKS`.
"""

from __future__ import annotations

from flowc.checks import (
    conntrack_zones,
    helper_and_offload,
    host_is_closed,
    implied,
    interface_without_zone,
    kernel_too_old,
    needs_l3mdev_accept,
    offload_is_off,
    tests_not_run,
    unsupported,
)
from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics
from flowc.ir.network import Network

CHECKS: tuple[Check, ...] = (
    interface_without_zone.CHECK,
    host_is_closed.CHECK,
    conntrack_zones.CHECK,
    offload_is_off.CHECK,
    helper_and_offload.CHECK,
    needs_l3mdev_accept.CHECK,
    kernel_too_old.CHECK,
    unsupported.CHECK,
    implied.CHECK,
    tests_not_run.CHECK,
)


def check(network: Network, diagnostics: Diagnostics) -> None:
    """Run every check over every host. A network with errors is incomplete, so then there is nothing to add."""
    if diagnostics.has_errors:
        return
    for host in network.hosts:
        for one in CHECKS:
            one.run(host, diagnostics)


__all__ = ["CHECKS", "Check", "check"]
