"""What flowc sets for a moment is put back, also by the apply after one that was killed. By the kernel of this machine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.quick.live.namespaces import Network, flowc

from flowc.backends.live import session
from flowc.backends.live.journal import load_journal, store_journal
from flowc.backends.live.runtime import Runtime
from flowc.backends.live.writing import WRITERS
from flowc.backends.netlink.connection import RefusedError
from flowc.backends.netlink.facts.namespace import entered

FILE = """
host gw { }
interface a { device v0; veth v1; address 192.0.2.2/24 }
interface b { device v1; veth v0 }
interface tap { device tap75; address 10.0.0.1/24 }
zone outside { interface a, tap }
"""
PROMOTED = "net/ipv4/conf/{}/promote_secondaries"


class KilledError(BaseException):
    """Nothing can be done about it."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "gw.flow"


def note(net: Network, device: str) -> None:
    """As an apply has left it that was killed."""
    with entered(net.name):
        runtime = Runtime.here()
        journal = load_journal(runtime)
        store_journal(runtime, replace(journal, sysctls={**journal.sysctls, PROMOTED.format(device): "0"}))


def is_noted(net: Network, device: str) -> bool:
    with entered(net.name):
        return PROMOTED.format(device) in load_journal(Runtime.here()).sysctls


def test_the_next_apply_puts_it_back_and_notes_it_no_longer(net: Network, file: Path) -> None:
    net.ip("link add tap75 type veth peer name far75")
    assert flowc(net, file, FILE, "apply") == 0
    assert not is_noted(net, "tap75")
    net.setting(PROMOTED.format("tap75"), "1")
    note(net, "tap75")
    assert flowc(net, file, FILE, "diff", "--live") == 1
    assert flowc(net, file, FILE, "apply") == 0
    assert net.setting(PROMOTED.format("tap75")) == "0"
    assert not is_noted(net, "tap75")


def test_what_is_put_back_already_is_forgotten_without_a_change(net: Network, file: Path) -> None:
    net.ip("link add tap75 type veth peer name far75")
    assert flowc(net, file, FILE, "apply") == 0
    net.setting(PROMOTED.format("tap75"), "0")
    note(net, "tap75")
    assert is_noted(net, "tap75")
    assert flowc(net, file, FILE, "apply") == 0
    assert not is_noted(net, "tap75")


def test_a_device_that_has_gone_keeps_nothing_from_being_done(net: Network, file: Path) -> None:
    note(net, "tap75")
    assert flowc(net, file, FILE, "apply") == 0
    assert flowc(net, file, FILE.replace("192.0.2.2", "192.0.2.3"), "apply") == 0


def test_undoing_puts_back_what_was_set_when_it_was_stopped(
    net: Network, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert flowc(net, file, FILE, "apply") == 0
    key = PROMOTED.format("v0")
    net.setting(key, "0")
    deleting = WRITERS["address"]

    def stopped(*_: object) -> None:
        """Between both writes, and for once."""
        (Path("/proc/sys") / key).write_text("1")
        monkeypatch.setitem(WRITERS, "address", deleting)
        raise RefusedError(5, "injected")

    monkeypatch.setitem(WRITERS, "address", deleting._replace(delete=stopped))
    assert flowc(net, file, FILE.replace("192.0.2.2", "192.0.2.3"), "apply") == 1
    assert net.setting(key) == "0"
    assert not is_noted(net, "v0")


def test_what_undoing_sets_is_noted_before_it_is_ended_itself(
    net: Network, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It deletes the only address of a network, which the change has made."""
    assert flowc(net, file, FILE, "apply") == 0
    key = PROMOTED.format("v0")
    net.setting(key, "0")
    more = FILE.replace("192.0.2.2/24", "192.0.2.2/24, 198.51.100.1/24") + "route 10.9.0.0/16 via 198.51.100.9\n"

    def refused(*_: object) -> None:
        raise RefusedError(5, "injected")

    def killed(*_: object) -> None:
        (Path("/proc/sys") / key).write_text("1")
        raise KilledError

    with monkeypatch.context() as patched:
        patched.setitem(WRITERS, "route", WRITERS["route"]._replace(create=refused))
        patched.setitem(WRITERS, "address", WRITERS["address"]._replace(delete=killed))
        with pytest.raises(KilledError):
            flowc(net, file, more, "apply")
    assert is_noted(net, "v0")
    assert flowc(net, file, FILE, "apply") == 0
    assert net.setting(key) == "0"
    assert not is_noted(net, "v0")


def test_what_undoing_sets_anew_is_noted_as_before_until_it_is_done(
    net: Network, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The change has put settings of before flowc back, and has forgotten them; undoing it sets flowc's, and is ended."""
    net.ip("link add tap75 type veth peer name far75")
    assert flowc(net, file, FILE, "apply") == 0
    with entered(net.name):
        before = {key: one for key, one in load_journal(Runtime.here()).sysctls.items() if "/tap75/" in key}
    assert before
    fewer = "".join(line for line in FILE.splitlines(keepends=True) if "tap75" not in line).replace("a, tap", "a")
    settle, writer = session._settle, WRITERS["sysctl"]

    def killed(*words: Any) -> None:  # noqa: ANN401  # whatever a writer takes
        assert writer.change is not None
        writer.change(*words)
        raise KilledError

    with monkeypatch.context() as patched:

        def refused(*words: Any) -> None:  # noqa: ANN401  # whatever settling takes
            """The last step of a change."""
            settle(*words)
            patched.setitem(WRITERS, "sysctl", writer._replace(change=killed))
            raise RefusedError(5, "injected")

        patched.setattr(session, "_settle", refused)
        with pytest.raises(KilledError):
            flowc(net, file, fewer, "apply")
    assert flowc(net, file, fewer, "apply") == 0
    assert {key: net.setting(key) for key in before} == before
