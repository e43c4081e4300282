"""apply.sh with the tools replaced: what it gives to tc when it is told of these neighbours and filters."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from flowc.backends import BACKENDS, LOADER
from flowc.hoststate import HostState

BY_NAME = {backend.name: backend for backend in BACKENDS}

TOOLS = {
    "id": "echo 0",
    "nft": "",
    "sleep": 'echo "$1" >>"$log/slept"',
    "ip": """case $* in
        'neigh show') n=$(($(cat "$log/asked" 2>/dev/null || echo 0) + 1)); echo $n >"$log/asked"
            cat "$log/neighbors.$n" 2>/dev/null || cat "$log/neighbors" ;;
        '-o link show dev lo') echo '1: lo: <LOOPBACK> mtu 65536 \\    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00' ;;
        '-o link show dev tun') echo '2: tun@NONE: <NOARP> mtu 1448 \\    link/gre6 fd:12:34:56:78:9a:bc:de brd 2001::1' ;;
        esac""",
    "tc": """case $* in
        'qdisc show') for one in "$log"/filters.*.ingress; do
                [ ! -e "$one" ] || echo "qdisc clsact ffff: dev $(basename "$one" | cut -d . -f 2) parent ffff:fff1 "
            done ;;
        'filter show dev '*) cat "$log/filters.$4.$5" 2>/dev/null ;;
        '-force -batch '*) cp "$3" "$log/removed" ;;
        *) n=$(($(cat "$log/loaded" 2>/dev/null || echo 0) + 1)); echo $n >"$log/loaded"; cp "$2" "$log/tc.$n" ;;
        esac""",
}
"""What the script finds in place of tools: `neighbors.N` is told when neighbours are asked for the Nth time, else `neighbors`,
and `filters.DEVICE.HOOK` are the filters there.
"""


@dataclass(frozen=True)
class Machine:
    folder: Path

    @classmethod
    def made(cls, folder: Path) -> Machine:
        bin_ = folder / "bin"
        bin_.mkdir()
        for name, does in TOOLS.items():
            (bin_ / name).write_text(f"#!/bin/sh\n{does}\n")
            (bin_ / name).chmod(0o755)
        return cls(folder)

    def run(self, state: HostState, neighbors: str, *at_first: str) -> str:
        """Load it. What it said."""
        (self.folder / "ruleset.nft").write_text("")
        for backend in (BY_NAME["iproute2"], BY_NAME["tc"], LOADER):
            (self.folder / backend.file).write_text(backend.render(state))
        (self.folder / "neighbors").write_text(neighbors)
        for number, told in enumerate(at_first, 1):
            (self.folder / f"neighbors.{number}").write_text(told)
        environment = {"PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}", "log": str(self.folder)}
        run = subprocess.run(
            ["sh", self.folder / LOADER.file], env=environment, capture_output=True, text=True, check=False
        )
        assert run.returncode == 0, run.stderr
        return run.stderr

    def loaded(self, time: int) -> list[str]:
        """The lines that tc was given."""
        return (self.folder / f"tc.{time}").read_text().splitlines()

    def removed(self) -> list[str]:
        """The lines that tc was given at the end."""
        file = self.folder / "removed"
        return file.read_text().splitlines() if file.exists() else []

    @property
    def slept(self) -> int:
        file = self.folder / "slept"
        return len(file.read_text().split()) if file.exists() else 0
