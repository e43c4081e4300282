"""A time span as it is typed: `60s`, `2m`, `1h`, `90` for seconds."""

from __future__ import annotations

import argparse
import re

UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}
LIMIT = 24 * 3600
_FORM = re.compile(r"(\d{1,9})([smh]?)", re.ASCII)


def duration(text: str) -> int:
    """Seconds; a `type` of argparse, and so raises ArgumentTypeError."""
    found = _FORM.fullmatch(text)
    seconds = int(found[1]) * UNITS[found[2]] if found else 0
    if not 0 < seconds <= LIMIT:
        raise argparse.ArgumentTypeError(f"`{text}` is no time span from 1s to 24h: 60s, 2m and 90 (seconds) are")
    return seconds
