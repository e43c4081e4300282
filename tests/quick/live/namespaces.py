"""A network namespace of this machine's own kernel, which needs root; what it takes a lab's kernel for is in tests/packets."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.quick.live.hosts import until

from flowc.cli import main


class Network:
    """`name` is what `--netns` takes."""

    def __init__(self, name: str) -> None:
        self.name = name

    def run(self, *command: str) -> str:
        """What it prints. Raises CalledProcessError."""
        return subprocess.run(
            ["nsenter", f"--net={self.name}", *command], capture_output=True, text=True, check=True
        ).stdout  # fmt: skip

    def ip(self, *commands: str) -> None:
        """Commands of `ip`, one after the other."""
        for command in commands:
            self.run("ip", *command.split())

    def setting(self, key: str, value: str | None = None) -> str:
        """A sysctl in the slash form, set before if a value is given."""
        if value is not None:
            self.run("sh", "-c", f"echo {value} > /proc/sys/{key}")
        return self.run("cat", f"/proc/sys/{key}").strip()


@contextmanager
def network() -> Iterator[Network]:
    """One that goes at the end. Skips the test where none can be made."""
    if os.geteuid() or None in map(shutil.which, ("ip", "nft", "nsenter", "unshare")):
        pytest.skip("needs root, ip, nft, nsenter and unshare")
    here = os.readlink("/proc/self/ns/net")  # noqa: PTH115  # it is no path
    with subprocess.Popen(["unshare", "--net", "sleep", "infinity"], stderr=subprocess.DEVNULL) as process:
        try:
            there = Path(f"/proc/{process.pid}/ns/net")
            until(lambda: process.poll() is not None or os.readlink(there) != here or None)  # noqa: PTH115
            if process.poll() is not None:
                pytest.skip("network namespaces are not allowed")
            yield Network(str(there))
        finally:
            process.kill()


def flowc(net: Network, file: Path, text: str, *words: str) -> int:
    """The exit status of a command about a file with this text, in the namespace."""
    file.write_text(text)
    return main([*words, str(file), "--netns", net.name])
