"""The tc backend: flower filters on the ingress of a device, as commands for `tc -batch`."""

from flowc.backends.tc.render import render

__all__ = ["render"]
