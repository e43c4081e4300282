"""Python's garbage collector, and when it may rest. Knows nothing of flowc."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """No garbage collection for a while in which large structures are built that stay alive until the end.

    Collecting finds nothing in them and takes up to half of the time.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
