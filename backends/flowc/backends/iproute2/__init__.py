"""The iproute2 backend: links, addresses, routes, rules and neighbours, as commands for `ip -batch`."""

from flowc.backends.iproute2.render import AFTER_RULESET, IPV6_PREFIX, render

__all__ = ["AFTER_RULESET", "IPV6_PREFIX", "render"]
