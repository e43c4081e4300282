"""The fixtures of the packet tests."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.packets.lab import Lab


@pytest.fixture
def lab() -> Iterator[Lab]:
    """Namespaces and links of this test alone."""
    with Lab() as topology:
        yield topology


@pytest.fixture
def kernel_log() -> Iterator[None]:
    """An empty log, and namespaces that write to it: all but the first one do not otherwise."""
    setting = Path("/proc/sys/net/netfilter/nf_log_all_netns")
    setting.write_text("1")
    subprocess.run(["dmesg", "--clear"], check=True)
    yield
    setting.write_text("0")
