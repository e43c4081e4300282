"""All that is asked about a host, in one place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flowc.delta.compared import ComparedStates
from flowc.diagnostics import Diagnostic
from flowc.facts import Facts, Index
from flowc.ir.network import Host
from flowc.verify.counted import passing
from flowc.verify.devices import by_facts, flowtable_devices
from flowc.verify.drift import drift
from flowc.verify.flows import Flows
from flowc.verify.macs import macs
from flowc.verify.model import Row, Verified, gathered
from flowc.verify.neighbors import neighbors
from flowc.verify.observed import Observed
from flowc.verify.tunnels import tunnels


def verified(
    host: Host,
    compared: ComparedStates,
    absent: Iterable[str],
    facts: Facts,
    found: Iterable[Diagnostic],
    observed: Observed,
    notes: Iterable[str] = (),
) -> Verified:
    """From what was read of a host. `found` is what checks of facts find of it, `notes` are about the reading."""
    rows = _rows(host, compared, absent, Index(facts), found, observed)
    return Verified(host.name, gathered(rows), (*notes, *observed.unread))


def _rows(
    host: Host,
    compared: ComparedStates,
    absent: Iterable[str],
    index: Index,
    found: Iterable[Diagnostic],
    observed: Observed,
) -> Iterator[Row]:
    yield from drift(compared, absent, host)
    yield from flowtable_devices(host, index, observed.flowtable)
    yield from by_facts(found)
    yield from neighbors(host, index)
    yield from macs(observed.macs)
    yield from tunnels(host, index, observed.paths)
    flows = Flows(host, index, observed)
    yield from flows.rows()
    yield from passing(observed, flows.is_forwarded, flows.is_carried)
