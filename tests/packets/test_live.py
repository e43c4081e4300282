"""Live apply, on files of every kind: the difference is empty then, a second time writes nothing, and down leaves nothing."""

from __future__ import annotations

import os
import pickle
import subprocess
import time
from collections.abc import Iterator
from difflib import unified_diff
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.lab.protocol import prepared
from tests.packets.kerneldump import dump
from tests.packets.lab import Lab, Namespace
from tests.packets.loading import devices_of

from flowc.api import compile_files
from flowc.hoststate import HostState
from flowc.live import apply_state, compare_live, take_down

EXAMPLES = Path(__file__).parents[2] / "examples"
FILES = int(os.environ.get("FLOWC_LIVE_FILES", "30"))
SEED = int(os.environ.get("FLOWC_LIVE_SEED", "5"))
PARTS = max(3, FILES // 10)
MOST = 30
"""Lines about a host."""


class Job(NamedTuple):
    name: str
    text: str
    state: HostState


def prepare(folder: Path) -> None:
    """Compile, where importing and compiling is fast."""
    from tests.generate.seeded import files  # not in the guest, where importing takes long

    texts = [(file.stem, file.read_text()) for file in sorted(EXAMPLES.glob("*.flow"))]
    texts += [(f"{number:04}", text) for number, text in enumerate(files(SEED, FILES))]
    jobs: list[list[Job]] = [[] for _ in range(PARTS)]
    for number, (name, text) in enumerate(texts):
        file = folder / f"{name}.flow"
        file.write_text(text)
        for host, state in compile_files([file]).states.items():
            jobs[number % PARTS].append(Job(f"{name}/{host}", text, state))
    for part, found in enumerate(jobs):
        (folder / f"{part}.pickle").write_bytes(pickle.dumps(found))


def jobs_of(part: int) -> list[Job]:
    found: list[Job] = pickle.loads((prepared(__name__) / f"{part}.pickle").read_bytes())  # noqa: S301  # our own
    return found


def hosts(lab: Lab, jobs: list[Job]) -> Iterator[tuple[Job, Namespace]]:
    """Each in a namespace that has the devices which it does not make itself."""
    # With its module a tunnel's fallback device comes into all namespaces.
    subprocess.run(["modprobe", "-a", "ip_gre", "ip6_gre"], check=True)
    far, *namespaces = lab.namespaces("far", *(f"gw{number}" for number, _ in enumerate(jobs)))
    at = 0
    for job, namespace in zip(jobs, namespaces, strict=True):
        devices = devices_of(job.state)
        far.ip(*(f"link add name far{at + n} type veth peer name {device} netns {namespace.name}" for n, device in enumerate(devices)))  # fmt: skip
        at += len(devices)
        yield job, namespace


@pytest.mark.parametrize("part", range(PARTS))
def test_apply_leaves_no_difference_and_down_leaves_nothing(lab: Lab, part: int) -> None:
    wrong, start, jobs = [], time.monotonic(), jobs_of(part)
    for job, namespace in hosts(lab, jobs):
        try:
            told = "\n".join(islice(goes_wrong(job.state, namespace), MOST))
        except Exception as error:  # noqa: BLE001  # all of them are of interest
            told = f"{type(error).__name__}: {error}"
        if told:
            wrong.append(f"==== {job.name}: {told}\n{job.text}")
    print(f"{len(jobs)} hosts, {time.monotonic() - start:.0f} s")
    assert not wrong, f"{len(wrong)} of {len(jobs)}\n" + "\n".join(wrong)


def goes_wrong(state: HostState, namespace: Namespace) -> Iterator[str]:
    before = dump(namespace)
    applied = apply_state(state, namespace.name)
    if applied.done.rounds > 2:
        yield f"took {applied.done.rounds} rounds"
    left = compare_live(state, namespace.name)
    if not left.compared.is_empty:
        yield f"after apply: {[step.text for step in left.steps]}"
    again = apply_state(state, namespace.name)
    if again.writes:
        yield f"again: {again.writes} writes"
    take_down(netns=namespace.name)
    yield from unified_diff(before.splitlines(), dump(namespace).splitlines(), "before", "after down", lineterm="", n=1)
