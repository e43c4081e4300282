"""The sysctl backend: kernel settings as `key = value` lines for `sysctl -p`."""

from flowc.backends.sysctl.render import render

__all__ = ["render"]
