"""Live apply on files of every kind, one after the other.

The difference is empty then, a second time writes nothing, what is made of another file is what the scripts make of nothing,
and down leaves the host as it was before all.
"""

from __future__ import annotations

import os
import pickle
import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.lab.protocol import prepared
from tests.packets.kerneldump import changes, dump
from tests.packets.lab import Lab, Namespace
from tests.packets.loading import BY_TOOLS, Job, devices_of, keep_neighbors, load, load_modules
from tests.packets.loading import written as write_hosts

from flowc.api import compile_files
from flowc.backends.files import host_folder
from flowc.hoststate import HostState
from flowc.live import apply_state, compare_live, take_down

EXAMPLES = Path(__file__).parents[2] / "examples"
FILES = int(os.environ.get("FLOWC_LIVE_FILES", "30"))
SEED = int(os.environ.get("FLOWC_LIVE_SEED", "5"))
IN_EACH = 5
"""Hosts in a test, so that none of them takes long."""
MOST = 30
"""Lines about a host."""


class Case(NamedTuple):
    name: str
    text: str
    state: HostState
    folder: Path
    """With what `flowc compile -o` writes for the host."""


def prepare(folder: Path) -> None:
    """Compile, where importing and compiling is fast."""
    from tests.generate.seeded import files  # not in the guest, where importing takes long

    texts = [(file.stem, file.read_text()) for file in sorted(EXAMPLES.glob("*.flow"))]
    texts += [(f"{number:04}", text) for number, text in enumerate(files(SEED, FILES))]
    cases: list[Case] = []
    for name, text in texts:
        file = folder / f"{name}.flow"
        file.write_text(text)
        states = compile_files([file]).states
        write_hosts(name, states, folder / name)
        cases += (Case(f"{name}/{host}", text, one, folder / name / host_folder(host)) for host, one in states.items())
    pairs = list(zip(cases, [*cases[1:], cases[0]], strict=True))
    for part in range(PARTS):
        (folder / f"{part}.pickle").write_bytes(pickle.dumps(pairs[part::PARTS]))


PARTS = -(-(FILES + 14) // IN_EACH)
"""The examples have 14 hosts, nearly."""


@pytest.mark.parametrize("part", range(PARTS))
def test_a_host_becomes_what_a_file_says_and_what_it_was(lab: Lab, part: int) -> None:
    pairs: list[tuple[Case, Case]] = pickle.loads((prepared(__name__) / f"{part}.pickle").read_bytes())  # noqa: S301  # our own
    load_modules()
    keep_neighbors()
    start = time.monotonic()
    found = [judged(pair, names) for pair, names in zip(pairs, places(lab, pairs), strict=True)]
    print(f"{len(pairs)} hosts, {time.monotonic() - start:.0f} s")
    wrong = [text for text in found if text]
    assert not wrong, f"{len(wrong)} of {len(pairs)}\n" + "\n".join(wrong)


def places(lab: Lab, pairs: list[tuple[Case, Case]]) -> list[tuple[str, str]]:
    """Two namespaces for each pair, which have the devices that neither of both makes itself."""
    names = [f"{side}{number}" for number, _ in enumerate(pairs) for side in ("live", "script")]
    far, *namespaces = lab.namespaces("far", *names)
    commands: list[str] = []
    for index, namespace in enumerate(namespaces):
        old, new = pairs[index // 2]
        for device in sorted({*devices_of(old.state), *devices_of(new.state)}):
            commands.append(f"link add name f{len(commands)} type veth peer name {device} netns {namespace.name}")
    far.ip(*commands)
    return list(zip(names[::2], names[1::2], strict=True))


def judged(pair: tuple[Case, Case], names: tuple[str, str]) -> str:
    """What is wrong, in a few lines."""
    old, new = pair
    live, scripts = (Namespace(name, ExitStack()) for name in names)
    try:
        told = "\n".join(islice(goes_wrong(old, new, live, scripts), MOST))
    except Exception as error:  # noqa: BLE001  # all of them are of interest
        told = f"{type(error).__name__}: {error}"
    return f"==== {old.name} -> {new.name}: {told}\n{old.text}\n-> {new.text}" if told else ""


def goes_wrong(old: Case, new: Case, live: Namespace, scripts: Namespace) -> Iterator[str]:
    before = dump(live)
    apply_state(old.state, live.name)
    yield from differs(old.state, live, "apply")
    again = apply_state(old.state, live.name)
    if again.writes:
        yield f"again: {again.writes} writes"
    apply_state(new.state, live.name)
    yield from differs(new.state, live, "another file")
    if said := load(Job(new.name, new.folder, []), scripts, BY_TOOLS):
        yield said
    yield from differs(new.state, scripts, "scripts")
    yield from changes(*(dump(one, like=True) for one in (scripts, live)))
    take_down(netns=live.name)
    yield from changes(before, dump(live))


def differs(state: HostState, namespace: Namespace, what: str) -> Iterator[str]:
    left = compare_live(state, namespace.name)
    if not left.compared.is_empty:
        yield f"after {what}: {[step.text for step in left.steps]}"
