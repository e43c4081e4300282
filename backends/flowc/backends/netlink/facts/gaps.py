"""Where the reader looks, and what it could not read there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pyroute2.netlink.exceptions import NetlinkError

from flowc.facts import Missing


@dataclass(frozen=True, slots=True)
class Roots:
    """The file systems of the kernel; others in tests."""

    proc: Path = Path("/proc")
    sys: Path = Path("/sys")
    modules: Path = Path("/lib/modules")


@dataclass(slots=True)
class Gaps:
    """What could not be read, in the order in which it was found; each once."""

    found: dict[tuple[str, str], None] = field(default_factory=dict)

    def add(self, place: str, reason: str) -> None:
        self.found[place, reason] = None

    @contextmanager
    def reading(self, place: str) -> Iterator[None]:
        """Whatever the kernel refuses within is a gap, and what is read behind it is not there."""
        try:
            yield
        except NetlinkError as error:
            self.add(place, reason(error.code))
        except OSError as error:
            self.add(place, error.strerror or str(error))

    def missing(self) -> tuple[Missing, ...]:
        return tuple(Missing(field=place, reason=reason) for place, reason in self.found)


def reason(code: int) -> str:
    """The words for an error number; those of netlink are negative in places."""
    return os.strerror(abs(code))
