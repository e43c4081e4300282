"""The tc backend: flower filters on the clsact qdisc of a device, as commands for `tc -batch`."""

from flowc.backends.tc.render import render

__all__ = ["render"]
