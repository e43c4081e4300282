"""The folder beside the kernel, its lock and its journal, and what a process may do."""

from __future__ import annotations

import json
import os
import threading
from argparse import ArgumentTypeError
from pathlib import Path
from types import MappingProxyType

import pytest
from tests.quick.live.hosts import Host, until

from flowc.backends.live.journal import NAME, load_journal, store_journal
from flowc.backends.live.privileges import PrivilegeError, effective, require_net_admin, require_sysctls
from flowc.backends.live.runtime import VARIABLE, HeldError, LiveError, Runtime, namespace
from flowc.cli.duration import duration
from flowc.hoststate.journal import DeviceBefore, Journal

JOURNAL = Journal(
    MappingProxyType({"net/ipv4/ip_forward": "0", "net/ipv4/conf/eth0.100/rp_filter": "2"}),
    MappingProxyType({"eth1": DeviceBefore("", 1500, None, False), "eth0": DeviceBefore("br0", up=True)}),
    True,
    frozenset({("eth0", "192.0.2.2/24"), ("eth0", "2001:db8::2/64")}),
)


# ---- the folder


def test_each_network_namespace_has_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert Runtime.here() == Runtime(Path("/run/flowc") / namespace())
    assert namespace() == namespace()
    assert namespace().isdigit() or namespace().startswith("inode-")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(VARIABLE, "here")
    assert Runtime.here().folder.parent == tmp_path / "here"
    Runtime.here().ensure()
    assert Runtime.here().folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_others_may_write_to_is_refused(tmp_path: Path) -> None:
    runtime = Runtime(tmp_path / "1")
    runtime.ensure()
    runtime.folder.chmod(0o770)
    with pytest.raises(LiveError, match="its mode has to be 0700"):
        runtime.ensure()
    runtime.folder.rename(tmp_path / "2")
    runtime.folder.symlink_to(tmp_path / "2")
    with pytest.raises(LiveError, match="has to be a folder of the user"):
        runtime.ensure()


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    runtime = Runtime(tmp_path / "1")
    assert runtime.read("a") is None
    runtime.write("a", "1")
    runtime.write("a", "2")
    assert runtime.read("a") == "2"
    assert [path.name for path in runtime.folder.iterdir()] == ["a"]
    assert (runtime.folder / "a").stat().st_mode & 0o777 == 0o600
    runtime.remove("a", "b")
    assert runtime.read("a") is None
    (runtime.folder / "a").mkdir()
    with pytest.raises(LiveError, match=r"cannot read .*/a: Is a directory"):
        runtime.read("a")
    with pytest.raises(LiveError, match=r"cannot write .*/a: Is a directory"):
        runtime.write("a", "")
    with pytest.raises(LiveError, match=r"cannot delete .*/a: Is a directory"):
        runtime.remove("a")


# ---- the lock


def test_two_at_once_are_kept_apart(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["/usr/bin/flowc", "apply", "my gw.flow"])
    held = host.path.with_name("held")
    child = host.in_process(held.touch)
    until(lambda: held.exists() or None)
    said = rf"PID {child} \(`flowc apply 'my gw.flow'`\), since \d\d:\d\d:\d\d"
    with pytest.raises(HeldError, match=said) as error, host.runtime.lock():
        pass
    assert error.value.holder is not None
    host.kill(child)
    with host.runtime.lock(), pytest.raises(HeldError), host.runtime.lock(0.06):
        pass
    with host.runtime.lock():
        pass


def test_it_can_be_waited_for(host: Host) -> None:
    held = host.path.with_name("held")
    child = host.in_process(held.touch)
    until(lambda: held.exists() or None)
    killer = threading.Timer(0.1, lambda: host.kill(child))
    killer.start()
    with host.runtime.lock(5):
        assert not host.started
    killer.join()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"pid": null}', "\0"])
def test_a_lock_that_does_not_say_who_holds_it_is_held_all_the_same(host: Host, text: str) -> None:
    with host.runtime.lock():
        (host.runtime.folder / "lock").write_text(text)
        with pytest.raises(HeldError, match="at work in this network namespace; --wait SECONDS"), host.runtime.lock():
            pass


def test_a_lock_that_is_no_file_is_an_error(host: Host) -> None:
    host.runtime.ensure()
    (host.runtime.folder / "lock").symlink_to(host.path)
    with pytest.raises(LiveError, match="cannot open"), host.runtime.lock():
        pass


# ---- the journal


@pytest.mark.parametrize("journal", [JOURNAL, Journal(), Journal(addresses=frozenset({("a", "b")}))])
def test_a_journal_is_read_as_it_was_written(host: Host, journal: Journal) -> None:
    store_journal(host.runtime, Journal(local_rule_first=True))
    store_journal(host.runtime, journal)
    assert load_journal(host.runtime) == journal
    assert (host.runtime.folder / NAME).exists() is bool(journal)


def test_where_nothing_was_noted_it_is_empty(host: Host) -> None:
    assert load_journal(host.runtime) == Journal()


DAMAGED = [
    "", "null", "[]", "{}", "{", "\0", "[" * 100_000, '{"version": 2, "sysctls": {}, "devices": {}, "local_rule_first": false}',
    '{"version": 1, "sysctls": {"a": 1}, "devices": {}, "local_rule_first": false}',
    '{"version": 1, "sysctls": [], "devices": {}, "local_rule_first": false}',
    '{"version": 1, "sysctls": {}, "devices": {"a": {"mtu": true}}, "local_rule_first": false}',
    '{"version": 1, "sysctls": {}, "devices": {"a": {"speed": 1}}, "local_rule_first": false}',
    '{"version": 1, "sysctls": {}, "devices": {"a": 1}, "local_rule_first": false}',
    '{"version": 1, "sysctls": {}, "devices": {}, "local_rule_first": 1}',
    '{"version": 1, "sysctls": {}, "devices": {}}',
    '{"version": 1, "sysctls": {}, "devices": {}, "local_rule_first": true, "addresses": [["eth0"]]}',
    '{"version": 1, "sysctls": {}, "devices": {}, "local_rule_first": true, "addresses": ["ab"]}',
]  # fmt: skip


@pytest.mark.parametrize("text", DAMAGED, ids=range(len(DAMAGED)))
def test_a_damaged_journal_is_neither_believed_nor_dropped(host: Host, text: str) -> None:
    host.runtime.write(NAME, text)
    with pytest.raises(LiveError, match=f"{NAME} is damaged") as error:
        load_journal(host.runtime)
    assert "\n" not in str(error.value)
    assert host.runtime.read(NAME) == text


def test_each_cut_of_a_journal_is_damaged(host: Host) -> None:
    store_journal(host.runtime, JOURNAL)
    text = host.runtime.read(NAME) or ""
    assert json.loads(text)["devices"]["eth1"] == {"master": "", "mtu": 1500, "up": False}
    for length in range(0, len(text) - 1, 3):
        (host.runtime.folder / NAME).write_text(text[:length])
        with pytest.raises(LiveError):
            load_journal(host.runtime)


# ---- what a process may do


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    status = tmp_path / "status"
    status.write_text("Name:\tx\nCapPrm:\t000001ffffffffff\nCapEff:\t0000000000001000\n")
    assert effective(status.read_text()) == 1 << 12
    status.write_text("Name:\tx\nCapEff:\t000001ffffffefff\n")
    with pytest.raises(
        PrivilegeError, match="this needs CAP_NET_ADMIN, which this process does not have: run it with sudo"
    ):
        require_net_admin(status)
    status.write_text("")
    with pytest.raises(PrivilegeError, match=r"AmbientCapabilities=CAP_NET_ADMIN; .*`unshare -rn`"):
        require_net_admin(status)


def test_a_setting_that_cannot_be_set_is_named(tmp_path: Path) -> None:
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "one").write_text("0")
    require_sysctls(["net/one", "net/none"], root=tmp_path)
    assert (tmp_path / "net" / "one").read_text() == "0"
    with pytest.raises(PrivilegeError, match=r"cannot set .*/net: Is a directory; it takes CAP_NET_ADMIN"):
        require_sysctls(["net"], root=tmp_path)


def test_this_process_has_what_the_kernel_says() -> None:
    assert effective(Path("/proc/self/status").read_text()) >> 12 & 1 in (0, 1)
    assert os.geteuid() or effective(Path("/proc/self/status").read_text())


# ---- time spans


@pytest.mark.parametrize(
    ("text", "seconds"), [("60s", 60), ("2m", 120), ("90", 90), ("1h", 3600), ("24h", 86400), ("1", 1)]
)
def test_a_time_span(text: str, seconds: int) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["", "0", "0s", "-1", "1.5m", "s", "25h", "1d", "60 s", "\uff160", "9" * 30])
def test_no_time_span(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="no time span from 1s to 24h"):
        duration(text)
