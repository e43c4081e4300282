"""`flowc apply --confirm`: the change is undone whatever becomes of who made it, and of the way that he came.

The change takes away a tunnel with its tc filter, a VRF, a route and rules, and makes a VLAN.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from socket import SOCK_STREAM
from typing import NamedTuple

import pytest
from tests.packets.commands import Command, flowc, into, on_terminal, said
from tests.packets.kerneldump import changes, dump, nft_objects
from tests.packets.lab import Lab, Namespace
from tests.packets.observe import tc_filters, wait_until
from tests.packets.servers import open_socket, tcp_echo
from tests.packets.traffic import BRIEF, tcp
from tests.packets.writes import stopped

from flowc.api import compile_files
from flowc.backends.live.ask import pending
from flowc.backends.live.records import Outcome, Pending, Phase, Result, last_outcome
from flowc.backends.live.runtime import Runtime
from flowc.live import apply_state, compare_live

BOTH = """
host gw { offload off }
interface uplink { device eth0; address 172.16.1.1/24 }
interface admin { device eth1; address 10.9.0.1/24 }
zone carrier { interface uplink }
policy carrier -> self { accept icmp }
"""
OLD = f"""{BOTH}
vrf red {{ table 1000 }}
tunnel overlay {{ type gretap; local 172.16.1.1; on uplink; shared }}
tunnel k1000 {{ over overlay; key 1000; remote 172.16.1.2; vrf red; address 10.0.1.1/24 }}
endpoint vm {{ address 10.0.1.241; interface k1000; mac 52:54:00:01:00:01 }}
route 10.8.0.0/16 via 10.9.0.2 on admin
zone office {{ interface admin }}
zone tenants {{ interface k1000 }}
policy office -> self {{ accept tcp {{7, 22}} }}
"""
NEW = f"""{BOTH}
interface other {{ vlan 7 on admin; address 10.7.0.1/24 }}
zone office {{ interface admin, other }}
"""
OPERATOR, GATEWAY = "10.8.0.7", "10.9.0.1"
SSH = 22
MIDDLE = 12
"""The write that is not made any more: the nft table is another one then, and the tunnel is there."""
PATIENCE = 30.0
"""Seconds; TCP sends again what was lost, each time twice as late."""


class Net(NamedTuple):
    gw: Namespace
    office: Namespace
    folder: Path
    runtime: Runtime
    before: str

    def apply(self, file: str, seconds: int) -> Callable[[], int]:
        return flowc("apply", self.folder / file, "--netns", self.gw.name, "--confirm", f"{seconds}s")

    def ask(self, command: str) -> tuple[int, str]:
        """`flowc confirm` or `flowc rollback`."""
        return said(self.folder / "said", flowc(command, "--netns", self.gw.name))

    def is_let_in(self, timeout: float) -> bool:
        return bool(tcp(self.office, GATEWAY, 7, source=OPERATOR, timeout=timeout))

    def waits(self) -> Pending:
        """The change, once it is made and waits to be confirmed."""
        found = wait_until(
            lambda: now if (now := pending(self.runtime)) and now.phase is Phase.WAITING else None, PATIENCE
        )
        assert found is not None, last_outcome(self.runtime)
        return found

    def seen(self) -> str:
        """All that there is on the host."""
        return "\n".join([dump(self.gw, like=True), *nft_objects(self.gw), *map(str, tc_filters(self.gw, "overlay"))])

    def ended(self) -> Outcome:
        """How it ended."""
        assert wait_until(lambda: pending(self.runtime) is None, PATIENCE)
        outcome = last_outcome(self.runtime)
        assert outcome is not None
        return outcome

    def has_been_undone(self, why: str) -> None:
        """Assert that the host is what it was, and that who asks is told so."""
        outcome = self.ended()
        assert (outcome.result, outcome.why) == (Result.UNDONE, why), outcome
        assert not changes(self.before, self.seen())
        status, text = self.ask("confirm")
        assert status == 1
        assert text.startswith(f"no change waits to be confirmed; the change of {self.folder}/new.flow was undone at ")
        assert text.endswith(f" because {why}\n")


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Net]:
    folder = tmp_path_factory.mktemp("confirm")
    (folder / "new.flow").write_text(NEW)
    (folder / "old.flow").write_text(OLD)
    with Lab() as lab:
        gw, office = lab.namespaces("gw", "office")
        lab.connect(
            (gw.port("eth0"), office.port("eth0", "172.16.1.2/24")),
            (gw.port("eth1"), office.port("eth1", "10.9.0.2/24", f"{OPERATOR}/32")),
        )
        apply_state(compile_files([folder / "old.flow"]).states["gw"], gw.name)
        tcp_echo(gw, 7)
        with gw.entered():
            runtime = Runtime.here()
        net = Net(gw, office, folder, runtime, "")
        assert net.is_let_in(PATIENCE)
        assert wait_until(lambda: gw.running("eth0") and gw.running("eth1"), PATIENCE)
        yield net._replace(before=net.seen())


def test_the_terminal_is_closed_while_it_waits(net: Net) -> None:
    has_returned = net.folder / "returned"

    def session() -> int:
        net.apply("new.flow", 6)()
        has_returned.touch()  # until then a signal is the command's
        signal.pause()  # a shell
        return 0

    command, other_end = on_terminal(session)
    with command:
        net.waits()
        assert wait_until(has_returned.exists, PATIENCE)
        os.close(other_end)
        assert command.wait() == -signal.SIGHUP
    net.has_been_undone("nobody confirmed it within 6 s")


def test_the_command_is_killed_in_the_middle(net: Net) -> None:
    """By other signals it undoes the change itself (tests/quick/live/test_session.py)."""

    def killed() -> int:
        command = os.getpid()

        def stop() -> None:
            if os.getpid() == command:  # and not its guard, which goes the same way back
                os.kill(command, signal.SIGKILL)

        with stopped(MIDDLE, stop):
            return net.apply("new.flow", 60)()

    with into(net.folder / "said", killed) as command:
        assert command.wait() == -signal.SIGKILL
    net.has_been_undone("the command that made it ended before it was done")


def test_the_way_of_the_operator_is_cut(net: Net) -> None:
    """The command runs at the end of a connection that the change forbids and has no route for."""
    with (
        open_socket(net.gw, SOCK_STREAM, GATEWAY, SSH, None) as server,
        open_socket(net.office, SOCK_STREAM, OPERATOR, 0, None) as operator,
    ):
        server.listen()
        operator.settimeout(PATIENCE)
        operator.connect((GATEWAY, SSH))
        accepted, _ = server.accept()
        with accepted:
            command = Command(net.apply("new.flow", 6), accepted.fileno())
        with command:
            net.waits()
            assert not net.is_let_in(BRIEF)
            assert net.waits()
            net.has_been_undone("nobody confirmed it within 6 s")
            assert net.is_let_in(PATIENCE)
            assert command.wait() == 0
            with operator.makefile() as lines:
                assert "waits to be confirmed until" in lines.read()  # by the connection of then


def test_it_stays_when_it_is_confirmed_and_goes_when_it_is_rolled_back(net: Net) -> None:
    """The last test: the host is another one then."""
    old, new = (compile_files([net.folder / f"{name}.flow"]).states["gw"] for name in ("old", "new"))
    assert said(net.folder / "told", net.apply("new.flow", 60))[0] == 0
    guard = net.waits().guard
    status, text = net.ask("confirm")
    assert (status, text) == (0, f"confirmed: the change of {net.folder}/new.flow stays\n")
    assert net.ended().result is Result.CONFIRMED
    assert wait_until(lambda: not Path(f"/proc/{guard}").exists())
    assert compare_live(new, net.gw.name).compared.is_empty
    assert not net.is_let_in(BRIEF)
    assert said(net.folder / "told", net.apply("old.flow", 60))[0] == 0
    assert net.is_let_in(PATIENCE)
    assert net.ask("rollback") == (0, f"undone: the change of {net.folder}/old.flow is taken back\n")
    assert compare_live(new, net.gw.name).compared.is_empty
    assert not compare_live(old, net.gw.name).compared.is_empty
