"""A running host in namespaces that a user has made for himself: he may do all that root may."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.packets.commands import flowc
from tests.packets.tenant import EXAMPLE
from tests.packets.unprivileged import NEW_NET, NEW_USER, User, user, with_eips
from tests.soak import soak

OWN = NEW_USER | NEW_NET
TEXT = EXAMPLE.replace("on uplink managed", "on uplink 52:54:00:00:02:42")
"""There is nobody who would answer."""
SEND_BUFFER = [Path("/proc/sys/net/core") / name for name in ("wmem_default", "wmem_max")]


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> Iterator[User]:
    with user(monkeypatch) as one:
        yield one


def test_he_may_do_all(nobody: User) -> None:
    file = nobody.compiled(TEXT)
    commands = (("diff", "--live"), ("apply",), ("apply",), ("diff", "--live"), ("verify",), ("down",))
    found = nobody.run(OWN, *(flowc(*words, file) for words in commands))
    assert [status for status, _ in found] == [1, 0, 0, 0, 0, 0], found
    assert found[2][1].endswith("nothing to do\n"), found


@soak
def test_what_the_message_of_a_large_batch_says_is_enough(nobody: User) -> None:
    file = nobody.compiled(with_eips(20_000))
    ((status, text),) = nobody.run(OWN, flowc("apply", file))
    assert status == 1, text
    advice = re.search(r"set both to (\d+) there", text)
    assert advice, text
    before = [path.read_text() for path in SEND_BUFFER]
    try:
        for path in SEND_BUFFER:
            path.write_text(advice[1])
        ((status, text),) = nobody.run(OWN, flowc("apply", file))
        assert status == 0, text
    finally:
        for path, value in zip(SEND_BUFFER, before, strict=True):
            path.write_text(value)
