"""What became of a packet that was really sent."""

from __future__ import annotations

from dataclasses import dataclass

from flowc.trace.model import Verdict


class TestbedError(Exception):
    """The testbed cannot be built or loaded. The message is what the kernel or the tool says, for a person."""

    __test__ = False  # pytest takes a class of this name for one of tests


@dataclass(frozen=True, slots=True)
class Seen:
    """What the far ends and the host's own sockets saw of a packet and of the answer to it."""

    verdict: Verdict
    egress: str | None = None
    """The interface that it left by, as declared; `self` if it was delivered to the host."""
    source: int | None = None
    """This and the next three: as it left or was delivered; None if it was not, ports also where there are none."""
    source_port: int | None = None
    destination: int | None = None
    destination_port: int | None = None
    key: int | None = None
    """Of the tunnel it left by."""
    offload: bool | None = False
    """Conntrack says that the connection was carried once both directions were established. None where tc has addresses: then
    that says no more than that tc saw it (docs/adr/0014)."""
    answered: bool = False
    """A reply of the far side came back to the sender, with the translation undone."""
    kept: bool = True
    """What followed on an answered connection of TCP or UDP went the same way, and was answered in the same way."""
