"""Checks of what this version reads and does not do yet."""

from __future__ import annotations

from flowc.checks.base import AnyCheck
from flowc.checks.not_yet import (
    tests_not_run,
    unsupported,
)

CHECKS: tuple[AnyCheck, ...] = (
    unsupported.CHECK,
    tests_not_run.CHECK,
)
