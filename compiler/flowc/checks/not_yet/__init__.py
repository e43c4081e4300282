"""Checks of what this version reads and does not do yet.

FC902 said that test blocks are not run. A number is never used again.
"""

from __future__ import annotations

from flowc.checks.base import AnyCheck
from flowc.checks.not_yet import unsupported

CHECKS: tuple[AnyCheck, ...] = (unsupported.CHECK,)
