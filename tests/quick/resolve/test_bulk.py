"""Rows resolved from their columns mean what the same statements mean one by one, and the same is said of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.mutations import mutants, origins
from tests.quick.docs.pages import blocks
from tests.quick.syntax.helpers import printed

from flowc.checks import CHECKS
from flowc.diagnostics import Diagnostics
from flowc.ir.network import Network
from flowc.resolve import resolve
from flowc.source import Source
from flowc.syntax.parse import parse

QUICK = Path(__file__).parents[1]

HOST = """
vrf acme { table 1000 }
vrf umbrella { table 2000 }
interface vms { device tap0; address 10.0.0.1/24, fd00::1/64; vrf acme }
interface lab { device tap1; address 10.0.0.1/31; vrf umbrella }
interface up  { device eth0; address 192.0.2.2/24, 2001:db8::2/64 }
interface bare { device eth1 }
tunnel gre1 { type gre; local 192.0.2.2; remote 192.0.2.3; address 10.9.0.1/30 }
zone tenant   { interface vms }
zone internet { interface up }
pool public 203.0.113.0/28, 2001:db8:7::/120 at internet
pool more 198.51.100.0/30 at internet
endpoint first { address 10.0.0.2; interface vms }
"""


def outcome(text: str, *, rows: bool) -> tuple[Network, list[str]]:
    """What a text means, and all that is said of it."""
    diagnostics = Diagnostics()
    file = parse(Source("t.flow", text), diagnostics, rows=rows)
    return resolve([file], diagnostics), printed(diagnostics)


def same(text: str) -> None:
    by_row, said = outcome(text, rows=True)
    by_node, expected = outcome(text, rows=False)
    assert said == expected
    for host, other in zip(by_row.hosts, by_node.hosts, strict=True):
        for field in ("endpoints", "eips", "neighbors", "routes", "forwards"):
            rows, nodes = list(getattr(host, field)), list(getattr(other, field))
            assert [row[:-1] for row in rows] == [row[:-1] for row in nodes]
            assert [row.span[1:] for row in rows] == [row.span[1:] for row in nodes]


def texts() -> Iterator[str]:
    yield from (*origins().values(), *(path.read_text() for path in sorted(QUICK.rglob("*.flow"))))
    yield from (block.text for _, block in blocks("flow"))
    for check in CHECKS:
        yield from (check.bad, check.good)
    yield from (mutant.text for mutant in mutants()[::5])


def test_every_text_of_these_tests() -> None:
    for text in texts():
        same(text)


NAMES = ["first", "vm1", "vm2", "vm3", "vms", "lab", "up", "bare", "gre1", "acme", "umbrella", "self", "n" * 65, "none"]
ADDRESSES = ["10.0.0.0", "10.0.0.1", "10.0.0.2", "10.0.0.9", "10.0.0.255", "10.0.1.1", "10.9.0.2", "192.0.2.9", "fd00::9",
             "fd00::1", "fe80::1", "fec0::1", "ff02::1", "::", "::1", "0.0.0.1", "127.0.0.1", "224.0.0.1", "240.0.0.1",
             "255.255.255.255", "10.0.0.300", "10.0.0.01", "10.0.0.9/32", "2001:db8::9"]  # fmt: skip
PUBLIC = ["203.0.113.1", "203.0.113.2", "203.0.113.15", "203.0.113.16", "203.0.113.0/30", "2001:db8:7::1", "198.51.100.3",
          "192.0.2.2"]  # fmt: skip
MACS = [
    "52:54:00:00:00:01",
    "52:54:00:00:00:AA",
    "2:0:0:0:0:1",
    "00:00:00:00:00:00",
    "ff:ff:ff:ff:ff:ff",
    "33:33:00:00:00:01",
]
PREFIXES = [
    "default",
    "10.50.0.0/16",
    "10.50.0.1/16",
    "10.50.0.0/40",
    "10.0.0.0/24",
    "fd50::/32",
    "::/0",
    "203.0.113.9",
]

one_of = st.sampled_from
names, addresses, macs = one_of(NAMES), one_of(ADDRESSES), one_of(MACS)
targets = addresses | names
LINES = st.one_of(
    st.builds("endpoint {} {{ address {}; interface {} }}".format, names, addresses, names),
    st.builds("endpoint {} {{ address {}; interface {}; mac {} }}".format, names, addresses, names, macs),
    st.builds("endpoint {} {{ address {}, {}; interface vms }}".format, names, addresses, addresses),
    st.builds("eip {} <-> {}".format, one_of(PUBLIC) | addresses, targets),
    st.builds("eip {} <-> {} vrf {}".format, one_of(PUBLIC), targets, names),
    st.builds("eip {} <-> {} datapath {}".format, one_of(PUBLIC), targets, one_of(["nft", "tc", "auto"])),
    st.builds("neighbor {} on {} {}".format, targets, names, macs),
    st.builds("route {} via {}".format, one_of(PREFIXES), targets),
    st.builds("route {} via {} on {}".format, one_of(PREFIXES), targets, names),
    st.builds("route {} via {} vrf {}".format, one_of(PREFIXES), targets, names),
    st.builds("route {} via {} metric {}".format, one_of(PREFIXES), targets, one_of(["0", "5", "0x10", "4294967296"])),
    st.just("zone vm1 { }"),
)


@settings(derandomize=True, max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(LINES, min_size=1, max_size=12))
def test_lines_with_anything_in_them(lines: list[str]) -> None:
    same(HOST + "\n".join(lines))


def test_what_is_plain_needs_no_node(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of a clean file goes the slow way."""
    lines = """
    endpoint vm1 { address 10.0.0.9; interface vms; mac 52:54:00:00:00:AA }
    endpoint vm2 { address 10.0.0.10, fd00::10; interface vms }
    endpoint vm3 { address fe80::1; interface vms }
    eip 203.0.113.1 <-> vm1
    eip 2001:db8:7::1 <-> vm2
    eip 203.0.113.3 <-> 10.0.0.77 vrf acme
    eip 203.0.113.4 <-> 10.0.0.78
    neighbor 10.0.0.12 on vms 52:54:00:00:00:01
    route default via 192.0.2.9
    route 10.50.0.0/16 via 10.0.0.9 vrf acme
    route fd50::/32 via fd00::9 on vms vrf acme
    """
    monkeypatch.setattr("flowc.syntax.tree.Rows.node", None)
    network, said = outcome(HOST.replace("endpoint first", "# ") + lines, rows=True)
    (host,) = network.hosts
    assert said == []
    assert [len(table) for table in (host.endpoints, host.eips, host.neighbors, host.routes)] == [3, 4, 1, 3]
