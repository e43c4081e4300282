"""What need not be walked is treated alike: walking everything finds the same packets to differ, and no others."""

import re
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tests.quick.trace.asking import host_of
from tests.quick.trace.examples import EXAMPLES, HOSTS

from flowc.api import check_files
from flowc.ir.addresses import FAMILIES
from flowc.ir.network import Host
from flowc.ir.packet import Packets
from flowc.trace.difference.joint import compared, difference, places
from flowc.trace.difference.touched import Touched
from flowc.trace.engine import everything
from flowc.trace.partition import count, without

SMALL = [name for name in ("home-router", "tenant-eip", "two-tenants") if any(one.stem == name for one in EXAMPLES)]
SMALL += ["fronts"]
FRONTS = """
vrf a { table 10 }
vrf b { table 20 }
interface up { device eth0; address 192.0.2.2/24, 2001:db8::2/64 }
interface ina { device eth1; address 10.0.0.1/24, fd00::1/64; vrf a }
interface inb { device eth2; address 10.0.0.1/24, fd00::1/64; vrf b }
interface more { device eth3; address 10.9.0.1/24; vrf b }
route default via 192.0.2.1
route default via 192.0.2.1 on up vrf a
route default via 192.0.2.1 on up vrf b
route ::/0 via 2001:db8::1
route ::/0 via 2001:db8::1 on up vrf a
route fd00:7::/64 via fd00::7 vrf b
route 10.5.0.0/16 via 10.9.0.7 vrf b
zone out { interface up }
zone za { interface ina }
zone zb { interface inb, more }
pool p 198.51.100.0/24, 2001:db8:1::/64 at out
endpoint va { address 10.0.0.10; interface ina }
endpoint vb { address 10.0.0.10, fd00::10; mac 02:00:00:00:00:10; interface inb }
endpoint vc { address 10.0.0.11; interface inb }
eip 198.51.100.1 <-> va
eip 198.51.100.2 <-> vb
eip 2001:db8:1::2 <-> vb
nat out -> zb { dnat tcp 198.51.100.3:8080 -> vc:80 }
nat zb -> out { snat 10.0.0.0/24 -> 198.51.100.9 }
nat za -> out { masquerade }
policy out -> za { accept tcp 80 via eip; accept tcp 22 from 203.0.113.0/24 limit 5/second; accept icmp }
policy out -> zb { accept tcp 80; accept udp 53 to vb; reject }
policy za -> out { accept }
policy zb -> out { accept tcp to 203.0.113.0/24; accept udp 53; accept icmp }
policy zb -> self { accept tcp 22 from vc }
policy self -> out { accept tcp 443; drop log }
"""
MOST = 800


def text_of(name: str) -> str:
    return FRONTS if name == "fronts" else (EXAMPLES[0].parent / f"{name}.flow").read_text(encoding="utf-8")


def mutated(text: str, at: int, how: int) -> str:
    """One line left out, repeated further up, or with one number changed."""
    body, _, _ = text.partition("\ntest ")
    lines = body.splitlines()
    place = at % len(lines)
    if how == 0:
        del lines[place]
    elif how == 1:
        lines.insert(0 if place == 0 else place - 1, lines.pop(place))
    else:
        numbers = list(re.finditer(r"\b\d+\b", lines[place]))
        assume(numbers)
        one = numbers[how % len(numbers)]
        changed = str(int(one.group()) + (1 if how % 2 else 3))
        lines[place] = lines[place][: one.start()] + changed + lines[place][one.end() :]
    return "\n".join([*lines, ""])


def read(text: str, folder: Path) -> Host:
    file = folder / "gw.flow"
    file.write_text(text, encoding="utf-8")
    checked = check_files([file])
    assume(not checked.diagnostics.has_errors and len(checked.network.hosts) == 1)
    return checked.network.hosts[0]


def outside(boxes: Iterable[Packets], others: list[Packets]) -> list[Packets]:
    """What is in none of the others."""
    rest = list(boxes)
    for taken in others:
        rest = [left for one in rest for left in (without(one, taken) if one.family == taken.family else [one])]
    return rest


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(st.sampled_from(SMALL), st.integers(0, 500), st.integers(0, 12), st.booleans())
def test_what_is_not_touched_is_treated_alike(name: str, at: int, how: int, turned: bool) -> None:
    text = text_of(name)
    other = mutated(text, at, how)
    with TemporaryDirectory() as folder:
        hosts = [read(one, Path(folder)) for one in (text.partition("\ntest ")[0] + "\n", other)]
    old, new = reversed(hosts) if turned else hosts
    touched = Touched(old, new)
    mine, theirs = places(old), places(new)
    for place in mine.keys() & theirs.keys():
        walked = touched.at(place)
        sides = (old, mine[place]), (new, theirs[place])
        found, every = (
            list(islice(compared(*sides, place, boxes), MOST))
            for boxes in (walked, [everything(family) for family in FAMILIES])
        )
        if max(len(found), len(every)) == MOST:
            continue  # it would take too long
        differing, all_differing = (
            [one.packets for one in cells if one.old.treatments != one.new.treatments] for cells in (found, every)
        )
        assert not outside(all_differing, differing)
        assert sum(map(count, all_differing)) == sum(map(count, differing))


@pytest.mark.parametrize("name", sorted(HOSTS))
def test_nothing_of_the_same_host_is_walked(name: str) -> None:
    host = HOSTS[name]
    found = difference(host, host, most=0)
    assert found.is_empty


def test_what_is_said_elsewhere_is_not_walked(tmp_path: Path) -> None:
    before, after = (
        host_of(text, tmp_path) for text in (FRONTS, FRONTS.replace("198.51.100.2 <->", "198.51.100.5 <->"))
    )
    for boxes in (Touched(before, after).at(("eth1", None)), Touched(before, after).at(("eth0", None))):
        assert boxes
        assert all(one.source != one.destination for one in boxes)
