"""States and their deltas, from texts of files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.generate.strategies import written

from flowc.api import compile_files
from flowc.backends.nft import ruleset
from flowc.delta import Delta, difference
from flowc.hoststate import HostState

GATEWAY = """
interface lan { device eth1; address 10.0.0.1/24 }
interface uplink { device eth0; address 192.0.2.1/24, 2001:db8::1/64 }
zone inside { interface lan }
zone outside { interface uplink }
policy inside -> outside { accept tcp 80; accept tcp 443; accept udp 53 }
"""


def states(texts: Mapping[str, str]) -> Mapping[str, HostState]:
    """What several files compile to; none if there are errors."""
    with TemporaryDirectory() as folder:
        return compile_files([written(texts, Path(folder))]).states


def state(text: str) -> HostState:
    """The only host of a file without errors."""
    (found,) = states({"drawn.flow": text}).values()
    return found


def delta(old: HostState, new: HostState) -> Delta:
    return difference(old, new, ruleset(old), ruleset(new))


def change(old: str, new: str) -> Delta:
    return delta(state(old), state(new))
