"""What is found out about live connections."""

from __future__ import annotations

from dataclasses import dataclass

from flowc.hoststate.tracked import Direction, Tracked
from flowc.ir.addresses import Family, format_address
from flowc.ir.icmp import ICMP_PROTOCOL
from flowc.ir.packet import NUMBERS
from flowc.source import Span
from flowc.trace.answer.text import flat

_NAMES = {number: name for name, number in NUMBERS.items()} | dict.fromkeys(ICMP_PROTOCOL.values(), "icmp")
_NAMES[47] = "gre"


@dataclass(frozen=True, slots=True)
class Cut:
    """A connection that is not let be as it is."""

    entry: Tracked
    why: str
    """One clause."""
    span: Span | None
    """The declaration that decides it, if one does."""

    @property
    def reason(self) -> str:
        """With the place and the words of what decides it, as `gw.flow:31 drop`."""
        return self.why if self.span is None else f"{self.span.source.name}:{self.span.line} {flat(self.span.text)}"

    @property
    def text(self) -> str:
        """`tcp 10.0.0.75:40000 -> 2.2.2.11:80 (there is no policy internet -> tenant)`."""
        return f"{told(self.entry)} ({self.reason})"


@dataclass(frozen=True, slots=True)
class Judged:
    """What becomes of the connections of a host; those that are in neither stay as they are."""

    cuts: tuple[Cut, ...]
    released: tuple[Tracked, ...]
    """Admitted, but no longer to be carried by a flowtable: it carries them, or will, as their mark says so."""


def told(entry: Tracked) -> str:
    """Protocol, and the ends of the first packet."""
    one = entry.original
    name = _NAMES.get(one.protocol, f"protocol {one.protocol}")
    return f"{name} {_end(entry.family, one, source=True)} -> {_end(entry.family, one, source=False)}"


def _end(family: Family, one: Direction, *, source: bool) -> str:
    address = format_address(family, one.source if source else one.destination)
    if one.protocol not in NUMBERS.values():
        return address
    port = one.source_port if source else one.detail
    return f"[{address}]:{port}" if family == 6 else f"{address}:{port}"
