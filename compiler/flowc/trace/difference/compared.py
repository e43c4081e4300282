"""What `flowc diff --semantic` finds: the differences of each host that both files have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flowc.ir.network import Host
from flowc.ir.versions import pairs
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
    before, after = ({one.name: one for one in hosts} for hosts in (old, new))
    found = pairs(list(before), list(after))
    differences = tuple(
        Difference(was, now, (), (), (), ()) if same(was, now) else difference(was, now)
        for was, now in ((before[name], after[other]) for name, other in found)
    )
    paired_old, paired_new = ({pair[side] for pair in found} for side in (0, 1))
    only_old = tuple(name for name in before if name not in paired_old)
    only_new = tuple(name for name in after if name not in paired_new)
    return Compared(differences, only_old, only_new)
