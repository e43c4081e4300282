"""What others made on devices is there again when a change is undone: the kernel takes it along."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.packets.lab import Lab, Namespace

from flowc.cli import main

ADDRESS = """
host gw { }
interface wan { device eth0; address 192.0.2.2/24 }
zone outside { interface wan }
"""
NO_ADDRESS = "host gw { }\ninterface wan { device eth0 }\nzone outside { interface wan }\n"
IN_VRF = """
host gw { }
vrf red { table 1000 }
interface wan { device eth0; vrf red; address 192.0.2.2/24 }
zone outside { interface wan }
"""


@pytest.fixture
def gw(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Namespace:
    monkeypatch.setenv("FLOWC_RUN_DIR", str(tmp_path / "run"))
    (one,) = lab.namespaces("gw")
    one.ip("link add eth0 type veth peer name far0", "link set eth0 up", "link set far0 up")
    return one


def undone(gw: Namespace, folder: Path, old: str, new: str) -> None:
    """Apply the one, then have the other undone, and hold what others made."""
    file = folder / "gw.flow"
    file.write_text(old)
    assert main(["apply", str(file), "--netns", gw.name]) == 0
    gw.ip(
        "route add default via 192.0.2.1 metric 50",
        "route add 198.51.100.0/24 dev eth0 proto static",
        "route add 203.0.113.0/24 nexthop via 192.0.2.8 weight 2 nexthop via 192.0.2.9",
        "addr add 2001:db8:7::2/64 dev eth0",
        "route add 2001:db8:8::/48 via 2001:db8:7::1",
    )
    before = others(gw)
    file.write_text(new)
    assert main(["apply", str(file), "--netns", gw.name, "--confirm", "60s"]) == 0
    assert others(gw) != before
    assert main(["rollback", "--netns", gw.name]) == 0
    assert others(gw) == before


def others(gw: Namespace) -> list[str]:
    told = gw.run("ip", "-4", "route") + gw.run("ip", "-6", "route") + gw.run("ip", "-6", "addr", "show", "dev", "eth0")
    return sorted(line.strip() for line in told.splitlines() if "fe80" not in line)


def test_routes_that_go_with_the_last_address(gw: Namespace, tmp_path: Path) -> None:
    undone(gw, tmp_path, ADDRESS, NO_ADDRESS)


def test_what_goes_with_the_way_into_a_vrf(gw: Namespace, tmp_path: Path) -> None:
    undone(gw, tmp_path, ADDRESS, IN_VRF)
