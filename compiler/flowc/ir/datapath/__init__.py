"""Which datapath takes which address of a host: tc, the flowtable, or the ruleset; and why not tc (docs/adr/0014).

Connection tracking by tc takes an established flow from the flowtable as soon as it has seen it, so this is decided for
an address, and the same for all that share one.
"""

from __future__ import annotations

from flowc.ir.datapath.candidates import Candidates, Inside
from flowc.ir.datapath.carried import Carried, Known, Miss, with_next_hop
from flowc.ir.datapath.decision import Datapaths
from flowc.ir.datapath.entrances import Entrances
from flowc.ir.datapath.flowtable import FlowtableDevices
from flowc.ir.datapath.lookups import Entrance, Lookups, Whose
from flowc.ir.datapath.onward import NextHop, Onward
from flowc.ir.datapath.reasons import Stay
from flowc.ir.datapath.redirects import Redirects
from flowc.ir.datapath.sharing import Shared
from flowc.ir.datapath.takers import Decision, Taker, Takers
from flowc.ir.datapath.wishes import Wishes

__all__ = [
    "Candidates",
    "Carried",
    "Datapaths",
    "Decision",
    "Entrance",
    "Entrances",
    "FlowtableDevices",
    "Inside",
    "Known",
    "Lookups",
    "Miss",
    "NextHop",
    "Onward",
    "Redirects",
    "Shared",
    "Stay",
    "Taker",
    "Takers",
    "Whose",
    "Wishes",
    "with_next_hop",
]
