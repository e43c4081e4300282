"""The pytest plugin of the packet lab: tests below tests/packets run in a guest.

The outer pytest collects them like any other test; instead of running them, it boots
guests (`outside`, `crew`), in which pytest runs exactly those (`inside`), and gives out the
guests' reports as its own: -k, node ids, --lf, -x, -v and junit files work as ever.
Without a packet test among the selected ones nothing is booted and qemu is not needed.
What does not work is --pdb, and capture options such as -s: the output is the guest's.
"""

import os

import pytest
from tests.lab.kernel import DEFAULT, SUITES


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the user choose the kernel."""
    parser.getgroup("packet lab").addoption(
        "--lab-kernel", choices=sorted(SUITES), default=DEFAULT, help="the kernel that packet tests run on"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Take the part that this process has to play."""
    config.addinivalue_line("markers", "lab_timeout(seconds): give a packet test more time than usual")
    if os.environ.get("FLOWC_LAB_GUEST"):
        from tests.lab.inside import Inside

        config.pluginmanager.register(Inside(config), "packet-lab")
    else:
        from tests.lab.outside import Outside

        config.pluginmanager.register(Outside(config), "packet-lab")
