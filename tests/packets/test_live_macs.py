"""tc filters whose MAC addresses are known on the host alone: made when they are, changed when they change, and checked.

A gateway between a machine and a router. Its filters send what the machine sends to the router's network out at once; the
IP stack does so where they do not, and takes the hop count down.
"""

from __future__ import annotations

import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from tests.packets.lab import Lab, Namespace
from tests.packets.observe import wait_until
from tests.packets.ping import ping
from tests.quick.backends.filters import with_references

from flowc.api import compile_files, write_directory
from flowc.backends import LOADER
from flowc.backends.files import host_folder
from flowc.backends.live.session import SupersededError
from flowc.backends.netlink.connection import Connection
from flowc.backends.netlink.objects import filters
from flowc.hoststate import HostState
from flowc.hoststate.macs import resolved
from flowc.hoststate.tc import FlowerFilter, MacOfDevice, MacOfNeighbor, Reference
from flowc.ir.network import Host
from flowc.live import apply_state, follow, take_down, verify_live
from flowc.verify.model import Part, State

FILE = """
interface inside { device vma; address 10.0.0.1/24 }
interface outside { device eth0; address 198.51.100.254/24 }
neighbor 198.51.100.1 on outside managed
zone lan { interface inside }
zone wan { interface outside }
policy lan -> wan { accept }
policy wan -> lan { accept }
policy lan -> self { accept }
policy wan -> self { accept }
"""
MACHINE, ROUTER, OWN = MacOfNeighbor("10.0.0.75", "vma"), MacOfNeighbor("198.51.100.1", "eth0"), MacOfDevice("eth0")
WANTED = with_references("vma", "eth0", MACHINE.address, ROUTER.address)
MACS: dict[Reference, str] = {MACHINE: "02:00:00:00:00:75", ROUTER: "02:00:00:00:00:01", OWN: "02:00:00:00:01:00"}
OTHER = "02:00:00:00:00:02"
PATIENCE = 20.0
SNMP = Path("/proc/thread-self/net/snmp")
"""What the IP stack of the namespace has counted."""


@dataclass(frozen=True)
class Net:
    gw: Namespace
    machine: Namespace
    router: Namespace
    state: HostState
    host: Host

    def loaded(self) -> tuple[FlowerFilter, ...]:
        with self.gw.entered(), Connection() as connection:
            return filters.read(connection, dict(socket.if_nameindex()), ["vma"])

    def becomes(self, *without: Reference, router: str = MACS[ROUTER]) -> None:
        """The filters are what they can be while these MAC addresses are known."""
        known = {one: mac for one, mac in (MACS | {ROUTER: router}).items() if one not in without}
        wanted = tuple(resolved(WANTED, known))
        assert wait_until(lambda: self.loaded() == wanted, PATIENCE), (self.loaded(), wanted)

    def passes_tc(self) -> bool:
        """Whether what the machine sends arrives, and by tc. The answers are none of a connection that nft knows."""

        def seen() -> tuple[int, int]:
            with self.gw.entered(), Connection() as connection:
                counted = filters.counters(connection, dict(socket.if_nameindex()), ["vma"])
            with self.router.entered():
                names, values = (line.split() for line in SNMP.read_text().splitlines() if line.startswith("Icmp:"))
            return counted["vma", 2, 18, 1].total.packets, int(values[names.index("InEchos")])

        before = seen()
        ping(self.machine, ROUTER.address, count=3)
        return [now - was for now, was in zip(seen(), before, strict=True)] == [3, 3]


@pytest.fixture
def net(lab: Lab) -> Net:
    gw, machine, router = lab.namespaces("gw", "machine", "router")
    lab.connect(
        (gw.port("vma"), machine.port("eth0", "10.0.0.75/24", mac=MACS[MACHINE])),
        (gw.port("eth0", mac=MACS[OWN]), router.port("eth0", mac=MACS[ROUTER])),
    )
    machine.ip("route add default via 10.0.0.1")
    file = Path(gw.keep(TemporaryDirectory())) / "gw.flow"
    file.write_text(FILE)
    result = compile_files([file])
    (state,) = result.states.values()
    return Net(gw, machine, router, replace(state, filters=WANTED), result.network.hosts[0])


def answers(net: Net) -> None:
    net.router.ip("addr add 198.51.100.1/24 dev eth0", "route add default via 198.51.100.254")


@contextmanager
def followed(net: Net) -> Iterator[None]:
    """`flowc apply --follow`, until flowc is taken down."""
    ends: list[BaseException] = []

    def run() -> None:
        try:
            for _ in follow(net.state, net.gw.name):
                pass
        except SupersededError as error:
            ends.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        take_down(netns=net.gw.name, wait=PATIENCE)
        thread.join(PATIENCE)
    assert [type(one) for one in ends] == [SupersededError]


def test_filters_follow_the_macs(net: Net) -> None:
    with followed(net):
        net.becomes(MACHINE, ROUTER)
        answers(net)
        assert ping(net.machine, "10.0.0.1", count=1)  # so that the gateway knows it
        net.becomes()
        assert net.passes_tc()

        net.router.ip(f"link set eth0 address {OTHER}")
        assert wait_until(lambda: ping(net.router, "198.51.100.254", count=1), PATIENCE)  # asks, and so tells
        net.becomes(router=OTHER)
        assert net.passes_tc()

        net.gw.ip("neigh del 10.0.0.75 dev vma")
        net.becomes(MACHINE, router=OTHER)
        assert ping(net.machine, ROUTER.address, count=1)  # by the IP stack, which asks
        net.becomes(router=OTHER)


def test_a_wrong_mac_is_found_and_mended(net: Net) -> None:
    answers(net)
    done = apply_state(net.state, net.gw.name).done
    assert done.unresolved == (MACHINE,)
    assert ping(net.machine, "10.0.0.1", count=1)
    assert apply_state(net.state, net.gw.name).done.unresolved == ()
    net.becomes()

    def wrong() -> dict[str, tuple[Part, str]]:
        found = verify_live(net.state, net.host, net.gw.name, seconds=0)
        return {
            thing: (one.part, one.why)
            for one in found.findings
            for thing in one.things
            if one.state is State.WRONG and "tc filters" in thing
        }

    assert wrong() == {}
    net.gw.ip(f"neigh replace 198.51.100.1 dev eth0 lladdr {OTHER}")
    why = f"tc filters write {MACS[ROUTER]}, and it has {OTHER}: what they send is lost"
    assert wrong() == {"198.51.100.1 dev eth0 (tc filters)": (Part.NEIGHBORS, why)}
    net.router.ip(f"link set eth0 address {OTHER}")
    apply_state(net.state, net.gw.name)
    assert wrong() == {}
    net.gw.ip("link set eth0 address 02:00:00:00:01:01")
    why = f"tc filters write {MACS[OWN]}, and it has 02:00:00:00:01:01: what they send is lost"
    assert wrong()["eth0 (tc filters)"] == (Part.DEVICES, why)


def test_scripts_make_the_same(net: Net) -> None:
    folder = Path(net.gw.keep(TemporaryDirectory()))
    write_directory({net.state.host: net.state}, folder)
    apply = folder / host_folder(net.state.host) / LOADER.file

    def run() -> str:
        with net.gw.entered():
            done = subprocess.run([apply], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stderr

    said = run()
    for one in (MACHINE, ROUTER):
        assert f"flows to {one.address} stay in nft: no neighbour {one.address} on {one.device}" in said
    net.becomes(MACHINE, ROUTER)
    answers(net)
    assert ping(net.machine, "10.0.0.1", count=1)
    assert wait_until(lambda: ping(net.machine, ROUTER.address, count=1), PATIENCE)
    assert "stay in nft" not in run()
    net.becomes()
    assert net.passes_tc()
