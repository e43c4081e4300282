"""The announcer: the program is perl, and the addresses behind it are those that lie on a link."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from tests.quick.backends.states import at, empty

from flowc.api import compile_files
from flowc.backends import BACKENDS, LOADER
from flowc.hoststate import AnnouncementRow, HostState
from flowc.ir.tables import Table

ANNOUNCER = next(backend for backend in BACKENDS if backend.name == "announce")

EDGE = """
interface wan { device eth0; address 203.0.113.1/24, 2001:db8:1::1/64 }
interface lan { device eth1; address 10.0.0.1/24, fd00::1/64 }
tunnel l3 { type gre; local 203.0.113.1; remote 203.0.113.9; address 192.0.2.1/24 }
tunnel l2 { type gretap; local 203.0.113.1; remote 203.0.113.8; address 198.18.0.1/24 }
endpoint a { address 10.0.0.10, fd00::10; interface lan }
endpoint b { address 10.0.0.11; interface lan }
endpoint c { address 10.0.0.12; interface lan }
endpoint d { address 10.0.0.13; interface lan }
zone inside { interface lan }
zone outside { interface wan }
zone far { interface l3, l2 }
pool wire 203.0.113.64/26, 2001:db8:1::/64 at outside
pool routed 198.51.100.0/24 at outside
pool tunnels 192.0.2.0/24, 198.18.0.0/24 at far
eip 203.0.113.70 <-> a
eip 2001:db8:1::70 <-> a
eip 198.51.100.70 <-> b
eip 192.0.2.70 <-> c
eip 198.18.0.70 <-> d
nat outside -> inside {
    dnat tcp 203.0.113.1:80 -> a:80
    dnat tcp 203.0.113.71:80 -> a:80
    dnat udp 203.0.113.71:80 -> a:80
}
nat inside -> outside { snat 10.0.0.0/24 -> 203.0.113.72-203.0.113.73 }
policy outside -> inside { accept tcp 80 }
"""


def state(*rows: AnnouncementRow) -> HostState:
    return empty(announcements=rows)


def lowered(text: str, tmp_path: Path) -> list[tuple[str, str]]:
    file = tmp_path / "edge.flow"
    file.write_text(text)
    ((_, found),) = compile_files([file]).states.items()
    return [(row.device, row.address) for row in found.announcements]


def test_what_lies_on_a_link_is_announced_there(tmp_path: Path) -> None:
    """Once each; not the host's own address, nothing off the link, nothing where there are no neighbours."""
    assert lowered(EDGE, tmp_path) == [
        ("eth0", "203.0.113.70"),
        ("eth0", "203.0.113.71"),
        ("eth0", "203.0.113.72"),
        ("eth0", "203.0.113.73"),
        ("eth0", "2001:db8:1::70"),
        ("l2", "198.18.0.70"),
    ]


def test_the_addresses_stand_behind_the_program() -> None:
    text = ANNOUNCER.render(
        state(AnnouncementRow(4, "192.0.2.5", "eth0", at(3)), AnnouncementRow(6, "2001:db8::5", "eth0", at(4)))
    )
    program, _, data = text.partition("\n__DATA__\n")
    assert program.startswith("#!/usr/bin/perl\n")
    assert data.splitlines() == [
        "# what gw1 announces: device, address",
        "# gw.flow:3",
        "eth0 192.0.2.5",
        "# gw.flow:4",
        "eth0 2001:db8::5",
    ]


def test_the_loader_announces_last_and_only_if_there_is_something() -> None:
    rows = [AnnouncementRow(4, f"192.0.2.{number}", "eth0", at(3)) for number in range(5, 8)]
    script = LOADER.render(state(*rows))
    assert script.index("---- 6") < script.index("perl announce.pl") < script.index("$host is loaded")
    assert "3 public addresses are not announced" in script
    assert "perl" not in LOADER.render(state())


def test_a_hundred_thousand_addresses_are_as_many_lines() -> None:
    rows = Table(AnnouncementRow)
    for number in range(100_000):
        rows.append(AnnouncementRow(4, f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", "eth0", at(3)))
    text = ANNOUNCER.render(empty(announcements=list(rows)))
    assert text.count("\neth0 10.") == 100_000


@pytest.mark.skipif(shutil.which("perl") is None, reason="perl is not installed")
def test_the_program_is_perl(tmp_path: Path) -> None:
    file = tmp_path / "announce.pl"
    file.write_text(ANNOUNCER.render(state(AnnouncementRow(4, "192.0.2.5", "eth0", at(3)))))
    run = subprocess.run(["perl", "-Wc", file], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, f"{file} syntax OK\n")
