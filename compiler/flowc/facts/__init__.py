"""Host facts: what a host is and has, as a document that can be read anywhere.

`flowc facts` writes it on the host, `flowc check --facts` reads it. The reader of a live host is a backend's
(`flowc.backends.netlink.facts`); this package knows the document alone.
"""

from flowc.facts.document import FactsError, read_facts, write_facts
from flowc.facts.index import Index
from flowc.facts.model import (
    VERSION,
    Address,
    Facts,
    Kernel,
    Link,
    Listener,
    Missing,
    ModuleState,
    Neighbor,
    NextHop,
    Route,
    Tools,
    TunnelEnds,
)

__all__ = [
    "VERSION",
    "Address",
    "Facts",
    "FactsError",
    "Index",
    "Kernel",
    "Link",
    "Listener",
    "Missing",
    "ModuleState",
    "Neighbor",
    "NextHop",
    "Route",
    "Tools",
    "TunnelEnds",
    "read_facts",
    "write_facts",
]
