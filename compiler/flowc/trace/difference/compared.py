"""What `flowc diff --semantic` finds: the differences of each host that both files have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flowc.ir.network import Host
from flowc.trace.difference.joint import Difference, difference


@dataclass(frozen=True, slots=True)
class Compared:
    """Hosts of both files, and those that one of them does not have."""

    differences: tuple[Difference, ...]
    only_old: tuple[str, ...]
    only_new: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        return not (self.only_old or self.only_new) and all(one.is_empty for one in self.differences)


def compare(old: Sequence[Host], new: Sequence[Host], same: Callable[[Host, Host], bool]) -> Compared:
    """Hosts by name; the only ones of their files are the same host, whatever they are called.

    `same` is asked whether there is nothing to compare.
    """
    if len(old) == len(new) == 1:
        pairs = [(old[0], new[0])]
    else:
        by_name = {one.name: one for one in new}
        pairs = [(one, by_name[one.name]) for one in old if one.name in by_name]
    differences = tuple(
        Difference(before, after, (), (), (), ()) if same(before, after) else difference(before, after)
        for before, after in pairs
    )
    paired = {id(host) for pair in pairs for host in pair}
    only_old, only_new = (tuple(one.name for one in hosts if id(one) not in paired) for hosts in (old, new))
    return Compared(differences, only_old, only_new)
