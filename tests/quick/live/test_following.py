"""News of devices, as far as they can be had without making any."""

from __future__ import annotations

import time

from flowc.backends.live.following import LinkNews


def test_without_news_it_waits_as_long_as_it_is_told() -> None:
    with LinkNews() as news:
        start = time.monotonic()
        assert news.wait(0.05) is False
        assert time.monotonic() - start >= 0.05
