"""Messages that pyroute2 has no encoder for, in its own style, so that they could go upstream.

A class of pyroute2 that has been used once keeps its compiled map of attributes, and its subclasses take that over
(pyroute2/netlink/__init__.py, `compile_nla`). So what is extended here derives from bases that are never instantiated.
"""
