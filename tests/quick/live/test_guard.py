"""A change that is not confirmed is undone, whatever becomes of who made it; one that is confirmed stays."""

from __future__ import annotations

import json
import os
import pty
import signal
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from tests.quick.live.hosts import LONG, Host, until

from flowc.backends.live.ask import Answer, confirm, pending, rollback
from flowc.backends.live.guard import GuardError, PendingError
from flowc.backends.live.records import OUTCOME, PENDING, SOCKET, Phase, Result, last_outcome
from flowc.backends.live.runtime import LiveError, Runtime


def test_nobody_confirms_it(host: Host) -> None:
    with host.runtime.lock():
        guard = host.start(0.3)
        host.change()
        guard.applied()
    found = host.when(Phase.WAITING)
    assert (found.what, found.starter, found.guard) == ("the change of gw.flow", os.getpid(), guard.pid)
    outcome = host.ended()
    assert (outcome.result, outcome.why) == (Result.UNDONE, "nobody confirmed it within 0.3 s")
    assert host.state == "old"
    until(
        lambda: {path.name for path in host.runtime.folder.iterdir()} == {"lock", OUTCOME} or None
    )  # its socket goes last


def test_it_is_confirmed(host: Host) -> None:
    with host.runtime.lock():
        guard = host.start(0.3)
        host.change()
        guard.applied()
    assert confirm(host.runtime) == (True, "confirmed: the change of gw.flow stays")
    assert host.ended().result is Result.CONFIRMED
    time.sleep(0.35)
    assert host.state == "new"
    assert confirm(host.runtime).text.startswith(
        "no change waits to be confirmed; the change of gw.flow was confirmed at "
    )


def test_it_is_rolled_back(host: Host) -> None:
    with host.runtime.lock():
        guard = host.start(LONG)
        host.change()
        guard.applied()
    assert rollback(host.runtime) == (True, "undone: the change of gw.flow is taken back")
    assert host.state == "old"
    assert confirm(host.runtime).text.endswith(" because `flowc rollback` asked for it")
    assert not rollback(host.runtime).done


def test_nothing_was_changed(host: Host) -> None:
    guard = host.start(0.05)
    guard.dismissed()
    assert pending(host.runtime) is None
    assert last_outcome(host.runtime) is None
    assert confirm(host.runtime) == (False, "no change waits to be confirmed")


def test_a_change_that_was_made_can_be_dismissed(host: Host) -> None:
    """It was found to be wrong, and rolled back by who made it."""
    guard = host.start(0.1)
    guard.applied()
    host.change()
    guard.dismissed()
    time.sleep(0.15)
    assert host.state == "new"


# ---- who made it is gone


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_who_makes_it_dies_before_it_is_made(host: Host, number: int) -> None:
    def made() -> None:
        host.start(LONG)
        host.change()

    child = host.in_process(made)
    host.when(Phase.APPLYING)
    until(lambda: host.state == "new" or None)
    host.kill(child, number)
    outcome = host.ended()
    assert (outcome.result, outcome.why) == (Result.UNDONE, "the command that made it ended before it was done")
    assert host.state == "old"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGHUP])
def test_who_made_it_dies_after_it_was_made(host: Host, number: int) -> None:
    def made() -> None:
        guard = host.start(0.3)
        host.change()
        guard.applied()

    child = host.in_process(made)
    host.when(Phase.WAITING)
    host.kill(child, number)
    assert pending(host.runtime)
    assert host.state == "new"
    assert host.ended().why == "nobody confirmed it within 0.3 s"
    assert host.state == "old"


def test_who_made_it_hangs_with_the_lock(host: Host) -> None:
    """It writes to a terminal behind the path that it has cut, say."""

    def made() -> None:
        guard = host.start(0.05)
        host.change()
        guard.applied()

    host.in_process(made)
    assert host.ended().result is Result.UNDONE
    assert host.state == "old"


@pytest.mark.parametrize("applied", [True, False])
def test_its_terminal_is_closed(host: Host, applied: bool) -> None:
    def made() -> None:
        guard = host.start(0.3)
        host.change()
        if applied:
            guard.applied()

    child, terminal = pty.fork()
    if child == 0:
        try:
            made()
            signal.pause()
        finally:
            os._exit(1)
    host.started.append(child)
    host.when(Phase.WAITING if applied else Phase.APPLYING)
    until(lambda: host.state == "new" or None)
    os.close(terminal)
    os.waitpid(child, 0)  # SIGHUP has ended it
    host.started.remove(child)
    assert host.ended().result is Result.UNDONE
    assert host.state == "old"


def test_its_terminal_is_told(host: Host) -> None:
    child, terminal = pty.fork()
    if child == 0:
        try:
            host.start(0.05).applied()
            signal.pause()
        finally:
            os._exit(1)
    host.started.append(child)
    host.ended()
    said = os.read(terminal, 4096).decode()
    os.close(terminal)
    os.waitpid(child, 0)
    host.started.remove(child)
    assert said.startswith("\r\r\nflowc: the change of gw.flow was undone at ")
    assert said.endswith(" because nobody confirmed it within 0.05 s\r\r\n")


def test_signals_of_a_terminal_do_not_reach_it(host: Host) -> None:
    with host.runtime.lock():
        guard = host.start(LONG)
        host.change()
        guard.applied()
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGPIPE):
        os.kill(guard.pid, number)
    assert confirm(host.runtime).done
    assert host.state == "new"


def test_it_leaves_the_session_and_keeps_no_file(host: Host) -> None:
    with host.path.open() as opened, socket.socket() as other:
        guard = host.start(LONG)
        assert os.getsid(guard.pid) not in (os.getsid(0), guard.pid)
        files = {path.name: str(path.readlink()) for path in Path(f"/proc/{guard.pid}/fd").iterdir()}
        for number in (0, 1, 2, opened.fileno(), other.fileno()):
            assert files[str(number)] == "/dev/null"
        assert Path(f"/proc/{guard.pid}/cwd").readlink() == Path.cwd()
        assert Path(f"/proc/{guard.pid}/comm").read_text() == "flowc-guard\n"
        guard.dismissed()


# ---- the guard itself


def test_a_guard_that_is_told_to_end_undoes_first(host: Host) -> None:
    with host.runtime.lock():
        guard = host.start(LONG)
        host.change()
        os.kill(guard.pid, signal.SIGTERM)
        time.sleep(0.05)
        assert host.state == "new"  # in the middle of a change it waits for its end
        guard.applied()
    assert host.ended().why == "its guard was told to end (SIGTERM)"
    assert host.state == "old"


def test_a_guard_that_was_killed_leaves_what_is_known(host: Host) -> None:
    guard = host.start(LONG)
    host.change()
    os.kill(guard.pid, signal.SIGKILL)
    until(lambda: pending(host.runtime) is None or None)
    assert (host.runtime.folder / SOCKET).exists()
    with pytest.raises(GuardError):
        guard.applied()
    for ask in (confirm, rollback):
        done, text = ask(host.runtime)
        assert not done
        assert text.startswith(f"the change of gw.flow has lost its guard: PID {guard.pid} ended without a word ")
    host.start(LONG).dismissed()  # the next one takes its place
    assert confirm(host.runtime).text == "no change waits to be confirmed"


def test_who_dies_before_there_is_a_guard_has_changed_nothing(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_process(*_: object) -> None:
        assert pending(host.runtime)  # who comes now must not take it for nothing
        os._exit(0)

    monkeypatch.setattr("flowc.backends.live.guard.detach", no_process)
    os.waitpid(host.in_process(lambda: host.start(LONG).close()), 0)
    host.started.clear()
    assert (host.runtime.folder / SOCKET).exists()
    assert pending(host.runtime) is None
    assert confirm(host.runtime).text == "no change waits to be confirmed"


def test_only_one_change_waits(host: Host) -> None:
    guard = host.start(LONG)
    with pytest.raises(PendingError, match=r"the change of gw\.flow is still being made, by PID "):
        host.start(LONG)
    guard.applied()
    with pytest.raises(PendingError, match=r"waits to be confirmed until .*: `flowc confirm` keeps it"):
        host.start(LONG)
    assert rollback(host.runtime).done


@pytest.mark.parametrize("ask", [confirm, rollback])
def test_a_change_that_is_being_made_is_neither_kept_nor_undone(host: Host, ask: Callable[[Runtime], Answer]) -> None:
    guard = host.start(LONG)
    answer = ask(host.runtime)
    assert not answer.done
    assert answer.text.startswith(f"the change of gw.flow is still being made, by PID {os.getpid()} since ")
    guard.dismissed()


def test_an_undoing_that_fails_is_tried_again(host: Host) -> None:
    tries = host.path.with_name("tries")

    def undo() -> str | None:
        with tries.open("a") as file:
            file.write("x")
        if tries.stat().st_size < 3:
            raise OSError("the kernel is busy")
        return host.undo()

    host.change()
    host.start(0.02, undo).applied()
    assert host.ended().result is Result.UNDONE
    assert (host.state, tries.read_text()) == ("old", "xxx")


@pytest.mark.parametrize("how", ["raised", "returned", "exit"])
def test_an_undoing_that_fails_for_good_says_so(host: Host, how: str) -> None:
    def undo() -> str | None:
        if how == "raised":
            raise ValueError("no such\ndevice")
        if how == "exit":
            raise SystemExit("no such device")
        return "no such device"

    host.change()
    host.start(LONG, undo).applied()
    done, text = rollback(host.runtime)
    assert not done
    assert text.startswith("the change of gw.flow could not be undone at ")
    assert text.endswith("(`flowc rollback` asked for it): no such device")
    assert json.loads((host.runtime.folder / OUTCOME).read_text())["error"] == "no such device"


def test_an_undoing_waits_for_another_apply(host: Host) -> None:
    host.start(0.05).applied()
    host.change()
    with host.runtime.lock():
        (host.runtime.folder / "lock").write_text('{"pid": 1, "command": "init", "since": "2026-01-01T00:00:00+00:00"}')
        host.when(Phase.UNDOING)
        time.sleep(0.1)
        assert host.state == "new"
    assert host.ended().result is Result.UNDONE
    assert host.state == "old"


# ---- races


def test_who_comes_while_it_is_undone_is_told(host: Host) -> None:
    def undo() -> str | None:
        time.sleep(0.2)
        return host.undo()

    host.change()
    host.start(0.02, undo).applied()
    host.when(Phase.UNDOING)
    with ThreadPoolExecutor() as pool:
        kept, taken = pool.submit(confirm, host.runtime), pool.submit(rollback, host.runtime)
    assert not kept.result().done
    assert kept.result().text.startswith("too late: the change of gw.flow was undone at ")
    assert taken.result() == (True, "undone: the change of gw.flow is taken back")


def test_a_confirmation_at_the_deadline_says_what_became_of_it(host: Host) -> None:
    """Whatever it is: what is said, what is recorded and what is there are the same."""
    for microseconds in range(0, 3000, 600):
        host.change()
        host.start(0.02).applied()
        time.sleep(0.0185 + microseconds / 1e6)
        answer = confirm(host.runtime)
        host.ended()
        assert answer.done is (host.state == "new"), answer.text
        outcome = last_outcome(host.runtime)
        assert outcome is not None
        assert (outcome.result is Result.CONFIRMED) is answer.done
        assert answer.done or "was undone at" in answer.text


def test_of_two_confirmations_both_are_answered(host: Host) -> None:
    host.start(LONG).applied()
    with ThreadPoolExecutor() as pool:
        answers = [pool.submit(confirm, host.runtime) for _ in range(4)]
    assert any(one.result().done for one in answers)
    assert all("confirmed" in one.result().text for one in answers)


def test_who_connects_and_says_nothing_does_not_stop_it(host: Host) -> None:
    host.change()
    host.start(0.05).applied()
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as silent, host.runtime.socket_name(SOCKET) as name:
        silent.connect(name)
        host.ended()
    assert host.state == "old"


def test_many_may_ask_while_it_is_undone(host: Host) -> None:
    """More than the socket of a guard lets wait: asking what waits never does."""

    def undo() -> str | None:
        time.sleep(0.3)
        return host.undo()

    host.start(0.02, undo).applied()
    host.when(Phase.UNDOING)
    began = time.monotonic()
    found = [pending(host.runtime) for _ in range(40)]
    assert time.monotonic() - began < 0.25
    assert all(one is not None for one in found)
    assert host.ended().result is Result.UNDONE


def test_who_says_no_more_before_it_is_made_has_failed(host: Host) -> None:
    with host.runtime.lock(), host.start(LONG):
        host.change()
    assert host.ended().why == "the command that made it ended before it was done"
    assert host.state == "old"


def test_of_another_namespace_it_is_only_hinted(host: Host) -> None:
    host.start(LONG).applied()
    other = Runtime(host.runtime.folder.with_name("2"))
    hint = "no change waits to be confirmed here; in another network namespace the change of gw.flow does: see --netns"
    assert confirm(other) == rollback(other) == (False, hint)
    assert confirm(host.runtime).done
    assert confirm(other).text == "no change waits to be confirmed"


def test_who_made_it_can_say_what_waits(host: Host) -> None:
    made = host.start(LONG).applied()
    found = pending(host.runtime)
    assert found is not None
    assert made.deadline is not None
    assert found.deadline is not None
    assert abs(made.deadline - found.deadline) < timedelta(seconds=2)
    assert made == found._replace(deadline=made.deadline, since=made.since)
    assert str(made).startswith("the change of gw.flow waits to be confirmed until ")
    assert confirm(host.runtime).done


# ---- where it cannot be


def test_a_folder_that_cannot_be_written(host: Host) -> None:
    host.runtime.folder.parent.write_text("")
    with pytest.raises(LiveError, match=r"cannot make .*: .* FLOWC_RUN_DIR names another folder"):
        host.start(LONG)


def test_a_guard_that_cannot_write_down_what_it_guards(host: Host) -> None:
    host.runtime.ensure()
    (host.runtime.folder / PENDING).mkdir()
    with pytest.raises(LiveError):
        host.start(LONG)


@pytest.mark.parametrize("ask", [confirm, rollback, pending])
def test_a_folder_of_another_user_cannot_be_asked(host: Host, ask: Callable[[Runtime], object]) -> None:
    if os.geteuid():
        pytest.skip("only root can be somebody else")
    host.start(LONG).applied()
    ours, theirs = os.pipe()
    if os.fork() == 0:
        try:
            os.setresuid(65534, 65534, 65534)
            ask(host.runtime)
        except LiveError as error:
            os.write(theirs, str(error).encode())
        finally:
            os._exit(0)
    os.wait()
    os.close(theirs)
    with os.fdopen(ours) as said:
        assert said.read().endswith(": Permission denied")
    assert confirm(host.runtime).done


@pytest.mark.parametrize("name", [OUTCOME, PENDING])
@pytest.mark.parametrize("text", ["", "[]", "{}", '{"what": 1', "\0", "[" * 100_000])
def test_a_damaged_record_is_said(host: Host, name: str, text: str) -> None:
    host.runtime.write(name, text)
    with pytest.raises(LiveError, match=f"{name} is damaged"):
        confirm(host.runtime)


def test_long_paths_are_no_matter(tmp_path: Path) -> None:
    """The name of a socket has 108 bytes."""
    far = tmp_path / ("x" * 120)
    far.mkdir()
    host = Host(far)
    with host.start(LONG) as guard:
        guard.applied()
        assert confirm(host.runtime).done
