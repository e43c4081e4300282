"""Connections that a file forbids are cut, also where the apply that should have done it was killed, refused or undone.

Nothing else differs then: what is noted beside the kernel tells of it.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import NamedTuple, NoReturn
from unittest.mock import patch

import pytest
from tests.packets.lab import Lab, Namespace
from tests.packets.servers import udp_echo
from tests.packets.traffic import udp

from flowc.api import compile_files
from flowc.backends.live.ask import rollback
from flowc.backends.live.runtime import Runtime
from flowc.backends.netlink.connection import NETFILTER, Connection, RefusedError
from flowc.backends.netlink.conntrack import tracked
from flowc.hoststate import HostState
from flowc.ir.network import Host
from flowc.live import Applied, apply_state, applying

ADMITS = """
host gw { offload off }
interface wan { device eth0; address 192.0.2.2/24 }
zone internet { interface wan }
policy internet -> self { accept udp 5000 }
"""
FORBIDS = ADMITS.replace("5000", "5001")


class Net(NamedTuple):
    gw: Namespace
    far: Namespace
    folder: Path

    def apply(self, text: str, confirm: float | None = None) -> Applied:
        state, host = self.compiled(text)
        return apply_state(state, self.gw.name, host=host, confirm=confirm)

    def compiled(self, text: str) -> tuple[HostState, Host]:
        file = self.folder / "gw.flow"
        file.write_text(text)
        result = compile_files([file])
        return result.states["gw"], result.network.hosts[0]

    def talk(self) -> None:
        """Have a connection."""
        assert udp(self.far, "192.0.2.2", 5000)
        assert self.connections() == 1

    def connections(self) -> int:
        with self.gw.entered(), Connection(NETFILTER) as connection:
            return sum(one.original.detail == 5000 for one in tracked(connection))


@pytest.fixture
def net(lab: Lab, tmp_path: Path) -> Net:
    gw, far = lab.namespaces("gw", "far")
    lab.connect((gw.port("eth0", "192.0.2.2/24"), far.port("eth0", "192.0.2.1/24")))
    udp_echo(gw, 5000)
    return Net(gw, far, tmp_path)


def cuts(applied: Applied) -> int | None:
    return None if applied.judged is None else len(applied.judged.cuts)


def test_an_apply_that_was_killed_before_the_cut(net: Net) -> None:
    net.apply(ADMITS)
    net.talk()
    state, host = net.compiled(FORBIDS)
    child = os.fork()
    if not child:
        with patch.object(applying, "cut_forbidden", lambda *_: os.kill(os.getpid(), signal.SIGKILL)):
            apply_state(state, net.gw.name, host=host)
        os._exit(0)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1])
    assert net.connections() == 1
    again = net.apply(FORBIDS)
    assert (again.writes, cuts(again), net.connections()) == (0, 1, 0)
    assert cuts(net.apply(FORBIDS)) is None


def test_a_cut_that_was_refused(net: Net) -> None:
    def refuse(*_: object) -> NoReturn:
        raise RefusedError(12, None)

    net.apply(ADMITS)
    net.talk()
    with patch.object(applying, "cut_forbidden", refuse):
        assert "may go on: Cannot allocate memory" in net.apply(FORBIDS).complaints[0]
    assert cuts(net.apply(FORBIDS)) == 1


def test_what_a_change_admitted_that_was_undone(net: Net) -> None:
    net.apply(FORBIDS)
    net.apply(ADMITS, confirm=60)
    net.talk()
    with net.gw.entered():
        assert rollback(Runtime.here()).done
    again = net.apply(FORBIDS)
    assert (again.writes, cuts(again), net.connections()) == (0, 1, 0)
