"""What the engine reads again after it has written, and what it need not."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest
from tests.quick.backends.states import at, empty

from flowc.backends.live import engine as engine_module
from flowc.backends.live.engine import Engine, Target, UnsettledError
from flowc.backends.live.reading import Loaded
from flowc.backends.netlink.objects import links
from flowc.hoststate import NetworkState, Sysctl
from flowc.hoststate.journal import Journal
from flowc.hoststate.ruleset import Ruleset
from flowc.hoststate.sets import NftSet

FORWARDING = "net.ipv4.ip_forward"
TABLE = Ruleset(None, (NftSet("s", "ip saddr", keys=["10.0.0.1"], spans=[at(1)]),), (), (), ())


@dataclass
class Kernel:
    """A host: its settings, its table, and how often both were read. What is written to it arrives, or does not."""

    state: NetworkState = field(default_factory=empty)
    ruleset: Ruleset = TABLE
    is_deaf: bool = False
    reads: list[str] = field(default_factory=list)
    devices: dict[int, str] = field(default_factory=lambda: {7: "eth0"})
    goal: Loaded | None = None

    def read(self) -> Ruleset:
        self.reads.append("table")
        return self.ruleset

    def load(self, _text: str) -> None:
        assert self.goal is not None
        if not self.is_deaf:
            self.ruleset = self.goal.ruleset

    def read_all(self, *_: object) -> Loaded:
        self.reads.append("state")
        return Loaded(self.state, self.read(), devices=dict(self.devices))

    def do(self, *_: object) -> None:
        assert self.goal is not None
        self.state = self.goal.state

    def become(self, state: NetworkState, *keys: str) -> int:
        """The number of rounds that it took."""
        one = NftSet("s", "ip saddr", keys=[*keys], spans=[at(1)] * len(keys))
        self.goal = Loaded(state, replace(self.ruleset, sets=(one,)))
        engine = Engine(cast("Any", None), Journal(), lambda journal, *_: journal, lambda: None, cast("Any", self))
        return engine.converge(Target(self.goal, lambda _: "", state)).rounds


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Kernel:
    found = Kernel()
    monkeypatch.setattr(engine_module, "read", found.read_all)
    monkeypatch.setattr(engine_module, "do", found.do)
    monkeypatch.setattr(links, "names", lambda _: found.devices)
    return found


def test_a_host_that_is_as_it_shall_be_is_read_once(kernel: Kernel) -> None:
    assert kernel.become(kernel.state, "10.0.0.1") == 0
    assert kernel.reads == ["state", "table"]


def test_after_a_change_of_the_table_alone_it_alone_is_read_again(kernel: Kernel) -> None:
    assert kernel.become(kernel.state, "10.0.0.2") == 1
    assert kernel.reads == ["state", "table", "table"]


def test_after_any_other_change_all_is_read_again(kernel: Kernel) -> None:
    changed = replace(kernel.state, sysctls=(Sysctl(FORWARDING, "1", None),))
    assert kernel.become(changed, "10.0.0.2") == 1
    assert kernel.reads == ["state", "table"] * 2


def test_when_a_device_was_made_again_meanwhile_all_is_read_again(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "names", lambda _: {8: "eth0"})
    assert kernel.become(kernel.state, "10.0.0.2") == 1
    assert kernel.reads == ["state", "table"] * 2


def test_what_does_not_arrive_is_found_by_reading_again(kernel: Kernel) -> None:
    kernel.is_deaf = True
    with pytest.raises(UnsettledError):
        kernel.become(kernel.state, "10.0.0.2")
