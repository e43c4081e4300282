"""Files with the packets to send through them, made outside of the lab: compiling and tracing is slow in emulation."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.agreement.packets import Asked, chosen
from tests.agreement.targeted import targeted

from flowc.api import compile_files, write_directory
from flowc.backends.files import host_folder
from flowc.ir.network import Host

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


def make(folder: Path, texts: Iterable[tuple[str, str]], packets: int) -> int:
    """Write the cases of files (name and text) to a folder; how many there are."""
    count = 0
    for name, text in texts:
        place = folder / name
        place.mkdir()
        file = place / f"{name}.flow"
        file.write_text(text, encoding="utf-8")
        result = compile_files([file])
        write_directory(result.states, place)
        for host in result.network.hosts:
            asked = chosen(host, count, packets // 2)
            asked += targeted(host, count, packets - len(asked), asked)
            own = place / host_folder(host.name)
            # Without what was found out about the host on the way: a copy knows nothing of that.
            case = Case(f"{name}/{host.name}", text, host.model_copy(), own, asked)
            (own / NAME).write_bytes(pickle.dumps(case))
            count += 1
    return count


def read(folder: Path) -> Iterator[Case]:
    """The cases in a folder, by name."""
    for file in sorted(folder.glob(f"*/*/{NAME}")):
        yield pickle.loads(file.read_bytes())  # noqa: S301  # our own, of this run
