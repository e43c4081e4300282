"""What the engine reads again after it has written, and what it need not."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest
from tests.quick.backends.filters import with_references
from tests.quick.backends.states import at, empty

from flowc.backends.live import engine as engine_module
from flowc.backends.live.engine import Done, Engine, Target, UnsettledError
from flowc.backends.live.reading import Loaded
from flowc.backends.netlink.objects import links, macs
from flowc.backends.netlink.objects.macs import NONE, Macs
from flowc.delta.filters import FILTER
from flowc.delta.plan import Step
from flowc.hoststate import Link, LinkKind, NetworkState, Sysctl
from flowc.hoststate.journal import Journal
from flowc.hoststate.ruleset import Ruleset
from flowc.hoststate.sets import NftSet
from flowc.hoststate.tc import MacOfDevice, MacOfNeighbor, Reference

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
    macs: Macs = NONE
    done: list[str] = field(default_factory=list)

    def read(self) -> Ruleset:
        self.reads.append("table")
        return self.ruleset

    def load(self, _text: str) -> None:
        assert self.goal is not None
        if not self.is_deaf:
            self.ruleset = self.goal.ruleset

    def read_all(self, *_: object) -> Loaded:
        self.reads.append("state")
        return Loaded(self.state, self.read(), devices=dict(self.devices), macs=self.macs)

    def do(self, _connection: object, step: Step, wanted: NetworkState) -> None:
        self.state = wanted
        self.done.append(f"{step.verb.value} {step.text}")

    def become(self, state: NetworkState, *keys: str) -> int:
        """The number of rounds that it took."""
        return self.converge(state, *keys).rounds

    def converge(self, state: NetworkState, *keys: str) -> Done:
        one = NftSet("s", "ip saddr", keys=[*keys], spans=[at(1)] * len(keys))
        self.goal = Loaded(state, replace(self.ruleset, sets=(one,)))
        engine = Engine(cast("Any", None), Journal(), lambda journal, *_: journal, lambda: None, cast("Any", self))
        return engine.converge(Target(self.goal, lambda _: "", state))


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


OWN, HOP, MACHINE = MacOfDevice("eth0"), MacOfNeighbor("198.51.100.1", "eth0"), MacOfNeighbor("10.0.0.75", "tap75")
ALL: dict[Reference, str] = {OWN: "02:00:00:00:00:01", HOP: "02:00:00:00:00:02", MACHINE: "02:00:00:00:00:03"}
WAITING = empty(filters=with_references("tap75", "eth0", "10.0.0.75", "198.51.100.1"))


def known(*missing: Reference, asked: tuple[Reference, ...] = ()) -> Macs:
    return Macs({one: mac for one, mac in ALL.items() if one not in missing}, frozenset(asked))


def written(kernel: Kernel) -> str:
    """What its filters say, and how many there are."""
    return f"{len(kernel.state.filters)}: " + "; ".join(FILTER.words(one) for one in kernel.state.filters)


def test_filters_get_the_macs_that_were_read_with_the_host(kernel: Kernel) -> None:
    kernel.macs = known()
    done = kernel.converge(WAITING, "10.0.0.1")
    assert (done.rounds, done.unresolved) == (1, ())
    assert written(kernel).count(f"eth dst = {ALL[HOP]}, eth src = {ALL[OWN]}, redirect to eth0") == 1
    assert "@" not in written(kernel)
    assert kernel.become(WAITING, "10.0.0.1") == 0


def test_a_mac_that_is_not_known_leaves_flows_with_nft(kernel: Kernel) -> None:
    kernel.macs = known(HOP, MACHINE)
    assert kernel.converge(WAITING, "10.0.0.1").unresolved == (MACHINE, HOP)
    assert written(kernel).startswith("3: ")
    assert written(kernel).count("redirect") == 1
    assert kernel.become(WAITING, "10.0.0.1") == 0


def test_a_mac_that_changes_or_goes_is_a_change_of_the_filter_in_place(kernel: Kernel) -> None:
    kernel.macs = known()
    kernel.become(WAITING, "10.0.0.1")
    for macs_ in (known()._replace(known=ALL | {HOP: "02:00:00:00:00:22"}), known(HOP)):
        kernel.macs, kernel.done = macs_, []
        kernel.become(WAITING, "10.0.0.1")
        assert [one.split(" protocol")[0] for one in kernel.done] == [
            "change tc filter dev tap75 ingress pref 18 chain 2 handle 0x1"
        ]
    kernel.macs, kernel.done = known(MACHINE), []
    kernel.become(WAITING, "10.0.0.1")
    assert [one.split(" protocol")[0] for one in kernel.done] == [
        "change tc filter dev tap75 ingress pref 18 chain 2 handle 0x1",
        "delete tc filter dev tap75 ingress pref 3 chain 0 handle 0x1",
    ]


def test_machines_that_were_just_asked_have_the_time_to_answer(kernel: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    kernel.macs = known(HOP, asked=(HOP,))
    looks = []

    def look(*_: object) -> Macs:
        looks.append(1)
        if len(looks) == 3:
            kernel.macs = known()
        return kernel.macs

    monkeypatch.setattr(macs, "read", look)
    monkeypatch.setattr(engine_module, "devices", lambda _: ())
    monkeypatch.setattr(engine_module, "_PAUSE", 0)
    done = kernel.converge(WAITING, "10.0.0.1")
    assert (done.rounds, done.unresolved, len(looks)) == (2, (), 3)


def test_machines_that_do_not_answer_are_waited_for_once(kernel: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    kernel.macs = known(HOP, asked=(HOP,))
    monkeypatch.setattr(engine_module, "_ANSWERED", 0)
    assert kernel.converge(WAITING, "10.0.0.1").unresolved == (HOP,)


def test_what_leads_out_of_a_device_that_is_not_there_waits_for_the_device(kernel: Kernel) -> None:
    kernel.macs = known(HOP, OWN)
    eth0 = Link("eth0", LinkKind.EXISTING, at(1))
    kernel.devices = {8: "tap75"}
    done = kernel.converge(replace(WAITING, links=(eth0,)), "10.0.0.1")
    assert (done.waiting, done.unresolved) == (("eth0",), ())
    assert "redirect" not in written(kernel)
