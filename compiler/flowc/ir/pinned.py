"""Routes that are for some sources only: in tables of their own, since the kernel looks up a destination alone."""

from __future__ import annotations

from zlib import crc32

from flowc.ir.rows import RouteRow

FIRST_TABLE = 0x10000000
MOST_TABLES = 0x10000000


def pinned_table(route: RouteRow) -> int:
    """The number of the routing table that a route with a `source` is in.

    It is a hash of what those that share the table have in common: the source, and the length of their destination,
    because a longer one anywhere else must be found before. Two that differ, or one and a VRF, may have got the same
    number by chance: a check reports that.
    """
    return FIRST_TABLE + crc32(f"/{route.length} from {route.source}".encode()) % MOST_TABLES
