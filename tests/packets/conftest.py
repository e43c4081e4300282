"""The fixture of the packet tests."""

from collections.abc import Iterator

import pytest
from tests.packets.lab import Lab


@pytest.fixture
def lab() -> Iterator[Lab]:
    """Namespaces and links of this test alone."""
    with Lab() as topology:
        yield topology
