"""What a change means for a host, object by object: the difference between two HostStates.

    delta = difference(old, new, before, after)
    delta.links.changed[0].recreated     ("table",): the kernel cannot change it, the device is made again

Objects are known by what the kernel knows them by (`Kind.key`), and compared by what it keeps of them (`Kind.values`), so
that one of the states may as well be read from a kernel. Places in files and the order of elements are no difference.
"""

from flowc.delta.delta import Delta, difference
from flowc.delta.kinds import Changed, Changes, Kind

__all__ = ["Changed", "Changes", "Delta", "Kind", "difference"]
