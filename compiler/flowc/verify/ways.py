"""The way of a live connection by the file: the trace of its first packet, from where that can have come in."""

from __future__ import annotations

from collections.abc import Iterable

from flowc.cut.addressed import addressed
from flowc.cut.alike import Alike
from flowc.cut.judge import first_packet
from flowc.cut.origins import Origins
from flowc.cut.seen import Seen
from flowc.hoststate.routing import AddressRow
from flowc.hoststate.tracked import Tracked
from flowc.ir.network import Host
from flowc.trace.model import Trace, Verdict


class Ways:
    """Of one host; `addresses` are those that it has now."""

    def __init__(self, host: Host, addresses: Iterable[AddressRow]) -> None:
        self._host = addressed(host, addresses).host
        self._origins, self._seen, self._alike = Origins(self._host), Seen(self._host), Alike(self._host)

    def of(self, entry: Tracked) -> Trace | None:
        """That of the first place which admits it; None if the file has no say in it. It may be that of one that is alike."""
        alike = self._alike.standing_for(entry)
        found = None
        for origin in self._origins.of(alike):
            found = self._seen.at(origin, first_packet(alike.family, alike.original)).trace
            if found.verdict is Verdict.ACCEPT:
                break
        return found
