"""Where the host sends a packet: the answer is that of a search through all routes."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from flowc.api import check_files
from flowc.ir.addresses import Prefix, parse_address
from flowc.ir.neighbors import Hop, Neighbors
from flowc.ir.network import Host

lengths = st.sampled_from([0, 8, 24, 28, 32])
routes = st.lists(
    st.tuples(lengths, st.integers(0, 255), st.integers(1, 3), st.sampled_from([0, 5]), st.booleans()),
    max_size=6,
    unique_by=lambda one: (one[0], one[1] >> (32 - max(one[0], 24)), one[3], one[4]),
)
HEAD = """
interface a { device eth0; address 192.0.2.9/24 }
interface b { device eth1; address 10.0.0.200/26 }
"""


def host(found: list[tuple[int, int, int, int, bool]], folder: Path) -> Host:
    lines = []
    for length, last, gateway, metric, pinned in found:
        network = Prefix(4, (10 << 24 | last) >> (32 - length) << (32 - length), length)
        source = " from 172.16.0.0/12" if pinned else ""
        lines.append(f"route {network} via 192.0.2.{gateway} metric {metric}{source}")
    file = folder / "gw.flow"
    file.write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")
    result = check_files([file])
    assert not result.diagnostics.has_errors, [one.message for one in result.diagnostics]
    return result.network.hosts[0]


def searched(of: Host, address: int) -> set[Hop]:
    """Each route is tried; the longest counts, then the smallest metric, and those for some sources in front of them."""
    plain = [(32 - prefix.length, 0, Hop(one.name, 4, address)) for one in of.interfaces.values() for prefix in one.prefixes
             if prefix.contains(4, address)]  # fmt: skip
    pinned: list[tuple[int, int, Hop]] = []
    for row in of.routes:
        if Prefix(4, row.network, row.length).contains(4, address):
            ((gateway, name, _),) = row.nexthops
            entry = (32 - row.length, row.metric or 0, Hop(name, 4, address if gateway is None else gateway))
            (plain if row.source is None else pinned).append(entry)
    best = min((one[:2] for one in plain), default=(33, 0))
    return {hop for short, metric, hop in plain if (short, metric) == best} | {
        hop for short, _, hop in pinned if short <= best[0]
    }


@settings(deadline=None)  # the first example loads the grammar
@given(routes, st.integers(0, 255))
def test_the_longest_prefix_decides(found: list[tuple[int, int, int, int, bool]], last: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        of = host(found, Path(folder))
    address = 10 << 24 | last
    assert set(Neighbors(of).hops(None, 4, address)) == searched(of, address)


def test_both_families_and_vrfs_have_ways_of_their_own(tmp_path: Path) -> None:
    file = tmp_path / "gw.flow"
    file.write_text(
        HEAD
        + """
vrf t { table 7 }
interface c { device eth2; address 10.0.0.1/24, fd00::1/64; vrf t }
route ::/0 via fd00::9 vrf t
route 10.8.0.0/16 unreachable
""",
        encoding="utf-8",
    )
    ways = Neighbors(check_files([file]).network.hosts[0])

    def hops(vrf: str | None, text: str) -> set[Hop]:
        return set(ways.hops(vrf, *parse_address(text)))

    assert hops("t", "2001:db8::1") == {Hop("c", *parse_address("fd00::9"))}
    assert hops("t", "10.0.0.7") == {Hop("c", *parse_address("10.0.0.7"))}
    assert hops(None, "2001:db8::1") == hops(None, "10.8.0.1") == hops("t", "198.51.100.1") == set()
