"""Neighbours are told of public addresses that are new on a link, by the program that compiled scripts run, too."""

from __future__ import annotations

import subprocess
from dataclasses import replace

from flowc.backends.announce import render
from flowc.delta import Delta
from flowc.hoststate import AnnouncementRow, HostState
from flowc.ir.tables import Table


def announce(state: HostState, delta: Delta) -> list[str]:
    """Tell of the addresses that a delta made. What did not work out in a line each: they are loaded all the same."""
    made = {(row.device, row.address.partition("/")[0]) for row in delta.addresses.created}
    rows = Table(AnnouncementRow, (row for row in state.announcements if (row.device, row.address) in made))
    if not len(rows):
        return []
    program = render(replace(state, announcements=rows), provenance=False)
    try:
        done = subprocess.run(["perl", "-"], input=program, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return [f"perl is not installed: {len(rows)} public addresses are not announced"]
    return [line.removeprefix("announce.pl: ") for line in done.stderr.splitlines()]
