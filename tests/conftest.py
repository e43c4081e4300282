"""What all tests share: the plugin that runs tests/packets in the kernel lab, and how to renew golden files."""

from __future__ import annotations

import pytest

pytest_plugins = ("tests.lab.plugin", "tests.golden")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the user accept what the code prints now."""
    parser.addoption(
        "--update-golden", action="store_true", help="write what the code prints now into the expectation files"
    )


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """True if expectation files are to be written instead of compared."""
    return bool(request.config.getoption("--update-golden"))
