"""The announcer: a program that tells the neighbours of a host where its public addresses are."""

from flowc.backends.announce.render import render

__all__ = ["render"]
