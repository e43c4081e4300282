"""What is so on every host of a file: a declaration outside of the host blocks is one of each of them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

from flowc.ir.network import Host, Network

T = TypeVar("T")


def everywhere(network: Network, look: Callable[[Host], Iterable[tuple[Hashable, T | None]]]) -> list[T]:
    """The findings about declarations that each host which has them has a finding about; the first host's.

    `look` names every declaration that it looked at, mostly by its span, with None where there is nothing to say of it. What is useless on
    one host and needed on another is no mistake.
    """
    fine: list[Hashable] = []
    found: dict[Hashable, T] = {}
    for host in network.hosts:
        for place, finding in look(host):
            if finding is None:
                fine.append(place)
            else:
                found.setdefault(place, finding)
    for place in fine if found else ():  # mostly there is nothing to say, and nothing to look up
        found.pop(place, None)
    return list(found.values())
