"""Checks of the host itself: what it lets in, and its kernel."""

from __future__ import annotations

from flowc.checks.base import AnyCheck
from flowc.checks.host import (
    implied,
    kernel_too_old,
    needs_l3mdev_accept,
    udplite_is_invalid,
)

CHECKS: tuple[AnyCheck, ...] = (
    needs_l3mdev_accept.CHECK,
    implied.CHECK,
    kernel_too_old.CHECK,
    udplite_is_invalid.CHECK,
)
