"""Facts that a person gives to a check, and which host of a network they are of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flowc.facts.model import Facts
from flowc.ir.network import Network


@dataclass(frozen=True, slots=True)
class GivenFacts:
    """Facts to check a host with. `host` None: the one that has their hostname, or the only one of the files."""

    facts: Facts
    host: str | None = None
    file: str = "facts"
    """What messages call them."""


class FactsTwiceError(ValueError):
    """Two facts for one host."""

    def __init__(self, host: str, files: tuple[str, str]) -> None:
        super().__init__(f"two facts for host {host}: {files[0]} and {files[1]}")


def by_host(given: Iterable[GivenFacts], network: Network) -> tuple[Mapping[str, Facts], tuple[GivenFacts, ...]]:
    """The facts of each host that some are given of, and those that are of none. Raises FactsTwiceError."""
    used: dict[str, GivenFacts] = {}
    unused: list[GivenFacts] = []
    for one in given:
        home = _home(one, network)
        if home is None:
            unused.append(one)
        elif used.setdefault(home, one) is not one:
            raise FactsTwiceError(home, (used[home].file, one.file))
    return {home: one.facts for home, one in used.items()}, tuple(unused)


def _home(given: GivenFacts, network: Network) -> str | None:
    """The host that facts are of. A hostname counts with and without its domain."""
    names = [host.name for host in network.hosts]
    wanted = given.host if given.host is not None else given.facts.hostname or ""
    found = next((name for name in (wanted, wanted.partition(".")[0]) if name in names), None)
    if found is None and given.host is None and len(names) == 1:
        return names[0]
    return found
