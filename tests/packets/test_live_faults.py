"""An apply that is refused something, or killed, at each of its writes.

Refused, the host is what it was; killed, the next apply makes it what it shall be, as if nothing had happened. A connection
that both files allow goes on.
"""

from __future__ import annotations

import os
import pickle
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
from tests.lab.protocol import TEST_LIMIT, prepared
from tests.packets.kerneldump import changes, dump
from tests.packets.lab import Lab, Namespace
from tests.packets.loading import devices_of, keep_neighbors, load_modules
from tests.packets.servers import tcp_echo
from tests.packets.traffic import Result, Status, TcpFlow
from tests.packets.writes import stopped
from tests.soak import IS_SOAK

from flowc.api import compile_files
from flowc.backends.live.engine import StepFailedError
from flowc.backends.netlink.connection import RefusedError
from flowc.hoststate import HostState
from flowc.live import apply_state, compare_live

SMALL = """
host gw { offload off }
interface wan { device eth0; address 192.0.2.2/24, 2001:db8::2/64 }
interface lan { device eth1; address 10.0.0.1/24 }
endpoint vm75 { address 10.0.0.75; interface lan; mac 52:54:00:00:00:75 }
route default via 192.0.2.1 on wan
route 10.9.0.0/16 via vm75
zone internet { interface wan }
zone tenant { interface lan }
pool public 198.51.100.0/24 at internet
eip 198.51.100.11 <-> vm75
policy internet -> tenant { accept tcp {80, 443} to vm75; drop log "in" }
policy tenant -> internet { accept }
nat tenant -> internet { snat 10.0.0.0/24 -> 198.51.100.12 }
"""
CHANGED = SMALL.replace("{80, 443}", "{80, 8080}").replace("10.9.", "10.8.").replace("100.12", "100.13") + (
    "vrf red { table 1000 }\ninterface other { vlan 7 on lan; address 10.7.0.1/24; vrf red }\nzone red_zone { interface other }\n"
)
EXAMPLES = {file.stem: file.read_text() for file in (Path(__file__).parents[2] / "examples").glob("*.flow")}
TENANT = "tenant-eip"
PAIRS = {"to another": (SMALL, CHANGED), TENANT: ("", EXAMPLES[TENANT])}
if IS_SOAK:
    PAIRS |= {"from nothing": ("", SMALL), "from a tenant": (EXAMPLES[TENANT], SMALL)}
    PAIRS |= {name: ("", text) for name, text in sorted(EXAMPLES.items())}
STEP = {"shared-tunnel": 50}
"""Of its more than a thousand writes, which are alike, one of so many."""
PARTS = 4
"""Tests, so that none of them takes long: each has every fourth of the writes."""
pytestmark = pytest.mark.lab_timeout(1500 if IS_SOAK else TEST_LIMIT)
"""Seconds. On a slow machine a part of shared-tunnel takes minutes."""


def prepare(folder: Path) -> None:
    """Compile, where importing and compiling is fast."""
    for pair, texts in PAIRS.items():
        old_and_new = [state(text, folder) if text else None for text in texts]
        (folder / f"{pair}.pickle").write_bytes(pickle.dumps(old_and_new))


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("pair", PAIRS)
def test_refused_it_is_what_it_was(lab: Lab, pair: str, part: int) -> None:
    old, new = states(pair)
    for cases, at in enumerate(places(pair, part)):
        host = prepared_host(lab, f"r{at}", old, new)
        with connection(lab, host, old) as goes_on:
            before = dump(host, like=True)
            if not refused(at, new, host):
                assert cases
                print(f"{cases} writes refused")
                return
            assert not changes(before, dump(host, like=True)), at
            if old is not None:
                assert compare_live(old, host.name).compared.is_empty, at
                assert goes_on(), at


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("pair", PAIRS)
def test_killed_it_becomes_what_it_shall_be_with_the_next_apply(lab: Lab, pair: str, part: int) -> None:
    old, new = states(pair)
    straight = prepared_host(lab, "straight", old, new)
    with connection(lab, straight, old):
        apply_state(new, straight.name)
    for cases, at in enumerate(places(pair, part)):
        host = prepared_host(lab, f"k{at}", old, new)
        with connection(lab, host, old) as goes_on:
            if not killed(at, new, host):
                assert cases
                print(f"killed in front of {cases} writes")
                return
            assert goes_on(), at
            apply_state(new, host.name)
            assert compare_live(new, host.name).compared.is_empty, at
            assert not changes(dump(straight, like=True), dump(host, like=True)), at
            assert goes_on(), at


def places(pair: str, part: int) -> Iterator[int]:
    """Numbers of writes, without an end."""
    return count(part + 1, PARTS * STEP.get(pair, 1))


def states(pair: str) -> tuple[HostState | None, HostState]:
    """None is nothing."""
    old, new = pickle.loads((prepared(__name__) / f"{pair}.pickle").read_bytes())  # noqa: S301  # our own
    return old, new


def state(text: str, folder: Path) -> HostState:
    file = folder / "gw.flow"
    file.write_text(text)
    return next(iter(compile_files([file]).states.values()))


def prepared_host(lab: Lab, name: str, old: HostState | None, new: HostState) -> Namespace:
    """A host that is as the old file says."""
    load_modules()
    keep_neighbors()
    (host,) = lab.namespaces(name)
    devices = sorted({device for one in (old, new) if one is not None for device in devices_of(one)})
    host.ip(*(f"link add name {device} type veth peer name far{n}" for n, device in enumerate(devices)))
    host.ip(*(f"link set dev far{n} up" for n, _ in enumerate(devices)))
    if old is not None:
        apply_state(old, host.name)
    return host


@contextmanager
def connection(lab: Lab, host: Namespace, old: HostState | None) -> Iterator[Callable[[], Result]]:
    """One that is there before, from the VM by its EIP, and what asks if it goes on. Through other hosts there is none."""
    if old is None or devices_of(old) != ["eth0", "eth1"]:
        yield lambda: Result(Status.OK, 1, 1)
        return
    router, vm = lab.namespaces(f"{host.name}router", f"{host.name}vm")
    host.ip(f"link set dev far0 netns {router.name}", f"link set dev far1 netns {vm.name}")
    router.ip("addr add 192.0.2.1/24 dev far0", "link set dev far0 up", "route add 198.51.100.0/24 via 192.0.2.2")
    vm.ip("link set dev far1 address 52:54:00:00:00:75", "addr add 10.0.0.75/24 dev far1", "link set dev far1 up")
    vm.ip("route add default via 10.0.0.1")
    tcp_echo(router, 7)
    with TcpFlow(vm, "192.0.2.1", 7) as flow:
        assert flow.round_trips(1)
        yield lambda: flow.round_trips(2)


def refused(at: int, new: HostState, host: Namespace) -> bool:
    """Apply while a write is refused; False if it came to its end before."""
    with stopped(at, _refuse) as reached:
        try:
            apply_state(new, host.name)
        except StepFailedError as error:
            return "injected" in str(error)
    assert not reached, "what was refused was passed over"
    return False


def _refuse() -> None:
    raise RefusedError(5, "injected")


def killed(at: int, new: HostState, host: Namespace) -> bool:
    """Apply in a process that is killed in front of a write; False if it came to its end."""
    child = os.fork()
    if not child:
        with stopped(at, lambda: os.kill(os.getpid(), signal.SIGKILL)):
            apply_state(new, host.name)
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])
