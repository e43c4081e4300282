"""Files with the packets to send through them, made outside of the lab: compiling and tracing is slow in emulation."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

from tests.agreement.packets import Asked, chosen, is_any
from tests.agreement.targeted import targeted

from flowc.api import compile_files, write_directory
from flowc.backends.files import host_folder
from flowc.ir.network import Host
from flowc.trace.model import Trace

NAME = "case.pickle"


@dataclass(frozen=True)
class Case:
    """One host of one file, and what is asked about it."""

    name: str
    text: str
    host: Host
    folder: Path
    """With what `flowc compile -o` writes for the host."""
    asked: list[Asked]


def make(
    folder: Path, texts: Iterable[tuple[str, str]], packets: int, is_wanted: Callable[[Trace], bool] = is_any
) -> None:
    """Write the cases of files (name and text) to a folder, on all processors: with packets that are wanted, if there are."""
    folder.mkdir()
    with ProcessPoolExecutor() as pool:
        waiting = [pool.submit(_make, folder / name, text, packets, is_wanted) for name, text in texts]
        for one in waiting:
            one.result()


def _make(folder: Path, text: str, packets: int, is_wanted: Callable[[Trace], bool]) -> None:
    folder.mkdir()
    file = folder / f"{folder.name}.flow"
    file.write_text(text, encoding="utf-8")
    result = compile_files([file])
    write_directory(result.states, folder)
    for host in result.network.hosts:
        name = f"{folder.name}/{host.name}"
        number = crc32(name.encode())
        asked = chosen(host, number, packets // 2, is_wanted)
        asked += targeted(host, number, packets - len(asked), asked)
        own = folder / host_folder(host.name)
        # Without what was found out about the host on the way: a copy knows nothing of that.
        (own / NAME).write_bytes(pickle.dumps(Case(name, text, host.model_copy(), own, asked)))


def made(folder: Path) -> list[Path]:
    """The files that hold the cases in a folder, by name."""
    return sorted(folder.glob(f"*/*/{NAME}"))


def load(file: Path) -> Case:
    """One of those."""
    case: Case = pickle.loads(file.read_bytes())  # noqa: S301  # our own, of this run
    return case


def read(folder: Path) -> Iterator[Case]:
    """The cases in a folder, by name."""
    return map(load, made(folder))
