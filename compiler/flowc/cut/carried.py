"""Whether something else than the rules has the packets of a connection, as its entry tells."""

from __future__ import annotations

from flowc.hoststate.marks import OFFLOAD_MARK
from flowc.hoststate.tracked import Tracked
from flowc.ir.datapath import Datapaths
from flowc.ir.network import Host


def is_carried(host: Host, entry: Tracked) -> bool:
    """A flowtable or tc carries it. Connection tracking by tc tags all that it sees, so on a host with addresses that are
    tc's the mark of the connection has to say it, too (net/sched/act_ct.c, tcf_ct_flow_table_add).
    """
    return entry.is_offloaded and (not host.derived(Datapaths).taken or bool(entry.mark & OFFLOAD_MARK))
