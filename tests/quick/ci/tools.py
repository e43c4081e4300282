"""Commands as hooks and workflows run them: with a `flowc` on the PATH that is this checkout's."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from subprocess import run as run_process
from typing import NamedTuple

from tests.quick.docs.pages import REPO


class Done(NamedTuple):
    status: int
    stdout: str
    stderr: str


def run(command: Sequence[str], folder: Path, **variables: str) -> Done:
    """Runs a command in a folder, and says what came of it."""
    tools = folder / ".tools"
    tools.mkdir(exist_ok=True)
    flowc = tools / "flowc"
    flowc.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m flowc.cli "$@"\n')
    flowc.chmod(0o755)
    roots = os.pathsep.join(str(REPO / root) for root in ("grammar", "compiler", "backends"))
    path = os.pathsep.join([str(tools), os.environ["PATH"]])
    environment = os.environ | {"PYTHONPATH": roots, "PATH": path, "NO_COLOR": "1"} | variables
    done = run_process(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return Done(done.returncode, done.stdout, done.stderr)
