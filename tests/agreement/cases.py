"""A host of a file, what was compiled for it, and the packets that are sent to it."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.agreement.packets import Asked, asked

from flowc.api import compile_files, render
from flowc.backends.files import host_folder
from flowc.diagnostics.render_text import render_text
from flowc.hoststate import HostState
from flowc.ir.network import Host


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    text: str
    """The .flow file."""
    host: Host
    files: dict[str, str]
    """What `flowc compile -o` writes for the host, by file name."""
    asked: tuple[Asked, ...]

    def write(self, folder: Path) -> Path:
        """Put the files into the host's folder there, and tell which this is."""
        place = folder / host_folder(self.host.name)
        place.mkdir(parents=True)
        for name, text in self.files.items():
            (place / name).write_text(text, encoding="utf-8")
        return place


class Rejected(Exception):  # noqa: N818  # what happened reads better than "...Error"
    """flowc finds errors in a file. The message is what it says."""


def compiled(text: str) -> list[tuple[Host, HostState]]:
    """The hosts of a file. Raises Rejected."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "drawn.flow"
        file.write_text(text, encoding="utf-8")
        result = compile_files([file])
        if result.diagnostics.has_errors:
            raise Rejected(render_text(result.diagnostics))
        return [(host, result.states[host.name]) for host in result.network.hosts]


def cases(name: str, text: str, *, seed: int, count: int) -> Iterator[Case]:
    """One for each host of a file, with `count` packets at most. Raises Rejected."""
    for host, state in compiled(text):
        yield Case(name, text, host, render(state), tuple(asked(host, seed, count)))


def packed(found: Sequence[Case]) -> bytes:
    """To be read where making them would take longer: each by itself."""
    return pickle.dumps([pickle.dumps(_bare(case)) for case in found])


def unpacked(data: bytes) -> Iterator[Case]:
    """What was packed."""
    for one in pickle.loads(data):  # noqa: S301  # our own
        case: Case = pickle.loads(one)  # noqa: S301
        yield case


def _bare(case: Case) -> Case:
    """Without what has been found out about the host: it is not part of it."""
    return Case(case.name, case.text, case.host.model_copy(), case.files, case.asked)
