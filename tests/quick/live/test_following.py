"""Devices that come and go, as far as that can be had without making any."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.quick.backends.states import empty

from flowc.backends.live.following import News
from flowc.backends.live.session import SupersededError
from flowc.backends.netlink import wire
from flowc.backends.nft.live import NftError
from flowc.live import follow

MINE = "1"
REFUSED = NftError("there is no device tap75")


def applied(rounds: int = 1) -> SimpleNamespace:
    return SimpleNamespace(done=SimpleNamespace(rounds=rounds), judged=None, token=MINE)


def following(
    monkeypatch: pytest.MonkeyPatch,
    outcomes: list[SimpleNamespace | NftError],
    devices: list[int],
    *,
    news: bool = True,
) -> Iterator[object]:
    """`outcomes` of applies, and the index of the device before each, and after one that failed."""
    indexes = iter(devices)

    def apply_state(*_: object, **__: object) -> SimpleNamespace:
        outcome = outcomes.pop(0)
        if isinstance(outcome, NftError):
            raise outcome
        return outcome

    monkeypatch.setattr("flowc.live.following.apply_state", apply_state)
    monkeypatch.setattr("flowc.live.following._indexes", lambda *_: {"tap75": next(indexes)})
    monkeypatch.setattr(News, "wait", lambda *_: news)
    return follow(empty())


def test_without_news_it_waits_as_long_as_it_is_told() -> None:
    with News() as news:
        start = time.monotonic()
        assert news.wait(0.05) is False
        assert time.monotonic() - start >= 0.05


def test_a_device_that_goes_in_the_middle_of_an_apply_does_not_end_it(monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[SimpleNamespace | NftError] = [applied(), REFUSED, applied(0), applied()]
    followed = following(monkeypatch, [*steps], [1, 1, 2, 3, 3])
    assert [next(followed), next(followed)] == [steps[0], steps[3]]


@pytest.mark.parametrize("steps", [[REFUSED], [applied(), REFUSED]])
def test_what_is_refused_for_another_reason_ends_it(
    monkeypatch: pytest.MonkeyPatch, steps: list[SimpleNamespace | NftError]
) -> None:
    followed = following(monkeypatch, steps, [1, 1, 1, 1])
    with pytest.raises(NftError):
        list(followed)


def test_it_ends_when_somebody_else_has_changed_the_host(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FLOWC_RUN_DIR", str(tmp_path))
    followed = following(monkeypatch, [applied()], [1], news=False)
    next(followed)
    with pytest.raises(SupersededError):
        next(followed)


def of_machine(address: str, mac: str | None, kind: int = 28, device: int = 2) -> bytes:
    """RTM_NEWNEIGH, or RTM_DELNEIGH."""
    body = struct.pack("=BxxxiHBB", socket.AF_INET, device, 2, 0, 1) + wire.ip(1, 4, address)
    body += wire.mac(2, mac) if mac else b""
    return struct.pack("=IHHII", 16 + len(body), kind, 0, 0, 0) + body


def test_of_machines_only_what_becomes_of_the_macs_of_those_that_are_watched_is_news() -> None:
    ours, theirs = "192.0.2.1", "192.0.2.2"
    one, other = "02:00:00:00:00:01", "02:00:00:00:00:02"
    kernel, mine = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with News([ours]) as news, kernel:
        subscription, news._socket = news._socket, mine  # the kernel tells nothing by itself
        subscription.close()
        for message, is_news in (
            (of_machine(ours, one), True),
            (of_machine(ours, one), False),  # it was seen again
            (of_machine(theirs, one), False),
            (of_machine(theirs, other), False),
            (of_machine(ours, other), True),
            (of_machine(ours, other, device=3), True),
            (of_machine(ours, None), True),  # it does not answer
            (of_machine(ours, None, kind=29), False),
            (of_machine(ours, one), True),
            (of_machine(ours, one, kind=29), True),
            (struct.pack("=IHHII", 16, 16, 0, 0, 0), True),  # a device
        ):
            kernel.send(of_machine(theirs, None))
            kernel.send(message)
            assert news.wait(0.01) is is_news, (message, is_news)
