"""Flower filters on the clsact qdiscs of devices, those with flowc's cookie, and the qdiscs that they hang from.

`matching`, `actions` and `pedit` are a filter's parts as netlink has them, both ways.
"""

from flowc.backends.netlink.objects.filters.qdiscs import create_qdisc, delete_qdisc
from flowc.backends.netlink.objects.filters.reading import counters, read
from flowc.backends.netlink.objects.filters.writing import change, create, delete, message

__all__ = ["change", "counters", "create", "create_qdisc", "delete", "delete_qdisc", "message", "read"]
