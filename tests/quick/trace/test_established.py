"""What the trace says that tc carries is what the filters send out."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.agreement.kinds import is_by_tc
from tests.agreement.packets import chosen
from tests.agreement.targeted import targeted
from tests.datapaths import VARIANTS
from tests.generate.seeded import files_of_tc
from tests.quick.lower.test_tc import TWO_SIDES
from tests.quick.trace.filters import Filters
from tests.soak import IS_SOAK

from flowc.api import compile_files
from flowc.ir.packet import NUMBERS
from flowc.trace.model import Trace
from flowc.trace.testing.failed import shown

FEW = ("two-tenants", "nat-gateway", "tenant-eip-by-key")
PACKETS = 20
"""Of each kind, for each file."""


def offloaded(text: str, folder: Path) -> Iterator[tuple[Filters, Trace]]:
    """Of connections that are established, and that a rule offloads."""
    file = folder / "gw.flow"
    file.write_text(text, encoding="utf-8")
    result = compile_files([file])
    assert not result.diagnostics.has_errors
    for host in result.network.hosts:
        filters = Filters(host, result.states[host.name])
        asked = chosen(host, 1, PACKETS, is_by_tc)
        for trace in (trace for one in (*asked, *targeted(host, 1, PACKETS, asked)) for trace in one.answers):
            forwarded = trace.answered and trace.entry.interface is not None and trace.egress in host.interfaces
            carried = trace.packet.protocol in (NUMBERS["tcp"], NUMBERS["udp"])
            if forwarded and carried and trace.rule is not None and trace.rule.offload and trace.rule.helper is None:
                yield filters, trace


def differing(text: str, folder: Path) -> list[str]:
    """Packets that they do not send out as the trace says."""
    found = []
    for filters, trace in offloaded(text, folder):
        sent = filters.sent_out(trace)
        if sent != trace.by_tc[:2]:
            found.append(f"{shown(trace.packet)} from {trace.entry.interface}: {sent}, {trace.offload_reason}")
    return found


@pytest.mark.parametrize("name", [*FEW, pytest.param("shared-tunnel", marks=pytest.mark.slow)])
def test_filters_send_out_what_the_trace_says_of_examples(name: str, tmp_path: Path) -> None:
    assert differing(VARIANTS[name](), tmp_path) == []


def test_filters_send_out_what_the_trace_says_of_keys_inside_and_outside(tmp_path: Path) -> None:
    assert differing(TWO_SIDES, tmp_path) == []


@pytest.mark.slow
@pytest.mark.parametrize("number", range(3 if IS_SOAK else 1))
def test_filters_send_out_what_the_trace_says_of_drawn_files(number: int, tmp_path: Path) -> None:
    for text in files_of_tc(number, 6):
        assert differing(text, tmp_path) == [], text
