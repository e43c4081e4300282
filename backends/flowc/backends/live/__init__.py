"""What of a live change is kept beside the kernel: the lock, the journal, and the guard of an unconfirmed change."""

from flowc.backends.live.runtime import HeldError, LiveError, Runtime

__all__ = ["HeldError", "LiveError", "Runtime"]
