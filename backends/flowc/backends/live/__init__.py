"""A running host: it is read, compared with what it shall be, and changed by the difference alone.

Beside the kernel a folder for each network namespace keeps the lock, the journal, and the guard of an unconfirmed change.
"""

from flowc.backends.live.runtime import HeldError, LiveError, Runtime

__all__ = ["HeldError", "LiveError", "Runtime"]
