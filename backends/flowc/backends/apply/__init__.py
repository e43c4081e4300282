"""The loader: `apply.sh`, which loads the other files on the host in a safe order."""

from flowc.backends.apply.render import render

__all__ = ["render"]
