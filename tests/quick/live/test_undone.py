"""Where a change is undone, routes and addresses are to the bit what they were. By the kernel of this machine."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
from tests.quick.live.namespaces import Network

from flowc.backends.live import session
from flowc.backends.netlink.connection import Connection, RefusedError
from flowc.cli import main

GATEWAY = "host gw {{ }}\ninterface wan {{ device eth0{more} }}\nzone outside {{ interface wan }}\n{route}"
ROUTE = "route 198.51.100.0/24 via 192.0.2.1 on wan\n"


@pytest.fixture
def gw(net: Network) -> Network:
    net.ip("link set lo up", "link add eth0 type veth peer name far0", "link set eth0 up", "link set far0 up")
    return net


def undone(gw: Network, folder: Path, old: str, new: str) -> None:
    """Apply the one, then have the other undone: all is as it was before that."""
    file = folder / "gw.flow"
    file.write_text(old)
    assert main(["apply", str(file), "--netns", gw.name]) == 0
    before = shown(gw)
    file.write_text(new)
    assert main(["apply", str(file), "--netns", gw.name, "--confirm", "60s"]) == 0
    assert shown(gw) != before
    assert main(["rollback", "--netns", gw.name]) == 0
    assert shown(gw) == before


def shown(gw: Network) -> list[str]:
    """Lines by themselves: the order of networks is not looked at."""
    return sorted((gw.run("ip", "-4", "route") + gw.run("ip", "-4", "addr", "show", "dev", "eth0")).splitlines())


def test_a_gateway_in_a_network_of_an_address_that_was_there_before_flowc(gw: Network, tmp_path: Path) -> None:
    gw.ip("addr add 192.0.2.2/24 dev eth0")
    old = GATEWAY.format(more="; address 192.0.2.2/24", route=ROUTE)
    undone(gw, tmp_path, old, GATEWAY.format(more="", route=""))


TWO = GATEWAY.format(more="; address 192.0.2.2/24, 192.0.2.3/24, 192.0.2.4/24, 198.51.100.1/24", route="")
LAST = GATEWAY.format(more="; address 192.0.2.4/24, 198.51.100.1/24", route="")


def test_the_address_that_a_host_sends_from(gw: Network, tmp_path: Path) -> None:
    undone(gw, tmp_path, TWO, LAST)


def test_the_first_address_is_that_of_a_new_device(gw: Network, tmp_path: Path) -> None:
    """Also where others were there before it; and a route of somebody else that names one of them stays."""
    file = tmp_path / "gw.flow"
    file.write_text(TWO)
    assert main(["apply", str(file), "--netns", gw.name]) == 0
    gw.ip("route add 203.0.113.0/24 via 192.0.2.1 src 192.0.2.4")
    fresh = shown(gw)
    for text in (LAST, TWO):
        file.write_text(text)
        assert main(["apply", str(file), "--netns", gw.name]) == 0
    assert shown(gw) == fresh
    assert main(["diff", "--live", str(file), "--netns", gw.name]) == 0


def test_an_address_of_somebody_else_stays_in_its_place(gw: Network, tmp_path: Path) -> None:
    gw.ip("addr add 192.0.2.9/24 dev eth0", "route add 203.0.113.0/24 via 192.0.2.1 src 192.0.2.9")
    undone(gw, tmp_path, TWO, LAST)


def test_what_could_not_be_undone_names_the_line_that_was_refused(
    gw: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*_: object) -> None:
        raise OSError("no memory")

    def refuses(*_: object) -> None:
        raise RefusedError(errno.ENETUNREACH, "no way")

    monkeypatch.setattr(session, "restore", fails)
    monkeypatch.setattr(Connection, "write", refuses)
    file = tmp_path / "gw.flow"
    file.write_text(GATEWAY.format(more="; address 192.0.2.2/24", route=ROUTE))
    assert main(["apply", str(file), "--netns", gw.name]) == 2
    told = capsys.readouterr().err
    assert "error: the kernel refused to create route 198.51.100.0/24 table main via 192.0.2.1 dev eth0" in told
    assert f" --> {file}:4:1" in told
    assert "the host is as it was" not in told
    assert "\nflowc: what was done could not be undone: no memory; the host is neither" in told
