"""What a file admits is not cut by it, and is cut by the file without what admits it."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from tests.generate.seeded import files
from tests.quick.cut.making import made
from tests.quick.trace.examples import HOSTS

from flowc.api import check_files
from flowc.cut.judge import judged
from flowc.hoststate.tracked import Tracked
from flowc.ir.addresses import FAMILIES
from flowc.ir.network import Host
from flowc.ir.own import own_addresses
from flowc.ir.packet import every_packet
from flowc.trace.difference.joint import places
from flowc.trace.model import Trace, Verdict
from flowc.trace.partition import ways
from flowc.trace.stages.coming import is_untracked
from flowc.trace.stages.passage import Indexes
from flowc.trace.stages.walk import Walk

MOST = 40
"""Ways of one kind of packets at one place."""
MOST_PLACES = 12


def admitted(host: Host) -> Iterator[Trace]:
    """One of each way that is, of who can be there: what is in no zone is not checked, and nobody else has the host's own."""
    indexes, zoned = host.derived(Indexes), host.zoned()
    for entry in islice(places(host).values(), MOST_PLACES):
        interface = None if entry.interface is None else host.interfaces[entry.interface]
        if interface is not None and interface.name not in zoned:
            continue
        for packets in (one for family in FAMILIES for one in every_packet(family)):
            if interface is None:
                sources = own_addresses(host, packets.family)
            else:
                sources = indexes.coming.may_come(interface, packets.family)
            sent = packets._replace(source=sources)
            for trace in islice(ways(host, entry, sent), MOST if sources else 0):
                if trace.verdict is Verdict.ACCEPT and not is_untracked(Walk(trace.packet, sent)):
                    yield trace


def check(host: Host) -> tuple[int, int]:
    """How many entries there are, and how many of them are cut by a file that lacks what admits them."""
    entries: dict[Tracked, Trace] = {made(host, trace): trace for trace in admitted(host)}
    assert [one.text for one in judged(host, entries).cuts] == []
    cut = 0
    for policy in host.policies:
        without = host.model_copy(update={"policies": tuple(one for one in host.policies if one is not policy)})
        mine = [entry for entry, trace in entries.items() if trace.policy is policy]
        cut += len(judged(without, mine).cuts)
    return len(entries), cut


@pytest.mark.parametrize("name", HOSTS)
def test_examples(name: str) -> None:
    entries, cut = check(HOSTS[name])
    assert entries > cut > 0


def test_generated(tmp_path: Path) -> None:
    total = count = 0
    file = tmp_path / "gw.flow"
    for text in files(6, 12):
        file.write_text(text)
        for host in check_files([file]).network.hosts:
            entries, cut = check(host)
            total, count = total + entries, count + cut
    assert total > count > 0, (total, count)
