"""Do packets of offloaded flows still pass the rules? Counters say it, and nothing else does on kernels before 7.2.

The first rule of the forward chain counts all that no flowtable carries. With nf_conntrack_acct each connection counts its
packets, whoever carries them. What the chain has seen is explained by the connections that are not offloaded; what is left
over are packets of those that are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from flowc.hoststate.tracked import Tracked
from flowc.verify.model import Part, Row, State
from flowc.verify.observed import Observed, Sample

_FEW = 20
"""Packets that say nothing: flows that begin and end in between, and what passed between two readings of one moment."""


def passing(
    observed: Observed, is_forwarded: Callable[[Tracked], bool], is_carried: Callable[[Tracked], bool]
) -> Iterator[Row]:
    """A row about all offloaded flows together; none if there are none. The host's own connections pass another chain."""
    fast, slow, several = _packets(observed.before, observed.after, is_forwarded, is_carried)
    if not several:
        return
    before, after = observed.before.forwarded, observed.after.forwarded
    what = f"{several} offloaded connection{'s' * (several != 1)}"
    if before is None or after is None:
        yield Row(Part.FLOWS, State.UNKNOWN, what, "the counter of the forward chain cannot be read")
        return
    seconds = observed.after.at - observed.before.at
    seen = after - before
    if fast is None or slow is None:
        why = f"{seen} packets passed the rules within {seconds:.1f} s, and whose is not known: nf_conntrack_acct is 0"
        yield Row(
            Part.FLOWS, State.UNKNOWN, what, why, "`sysctl net.netfilter.nf_conntrack_acct=1`; counts from then on"
        )
        return
    if not fast:
        yield Row(Part.FLOWS, State.UNKNOWN, what, f"no packet of them within {seconds:.1f} s: try a larger --seconds")
        return
    left = seen - slow
    if left > fast * 2 + _FEW:
        why = f"{left} packets of no connection passed the rules within {seconds:.1f} s: what is refused hides whether these do"
        yield Row(Part.FLOWS, State.UNKNOWN, what, why, "try again when less is refused")
        return
    if left > max(_FEW, fast // 4, slow // 20):
        why = (
            f"{min(left, fast)} of their {fast} packets within {seconds:.1f} s passed the rules, although conntrack calls them "
            "offloaded"
        )
        help_ = "a device of their way is not in the flowtable, or a neighbour is not resolved: see above"
        yield Row(Part.FLOWS, State.WRONG, what, why, help_)
        return
    yield Row(Part.FLOWS, State.OK, what, f"their {fast} packets within {seconds:.1f} s did not pass the rules")


def _packets(
    before: Sample,
    after: Sample,
    is_forwarded: Callable[[Tracked], bool],
    is_carried: Callable[[Tracked], bool],
) -> tuple[int | None, int | None, int]:
    """Packets of connections that were offloaded at both moments, those of all others, and how many the first are."""
    known = {(one.family, one.zone, one.original, one.id): one for one in before.entries}
    fast = slow = several = 0
    counted = True
    for one in after.entries:
        earlier = known.get((one.family, one.zone, one.original, one.id))
        both = is_carried(one) and earlier is not None and is_carried(earlier)
        several += both
        more = _more(one, earlier)
        if more is None:
            counted = False
        elif both:
            fast += more
        elif more and is_forwarded(one):
            slow += more
    return (fast, slow, several) if counted else (None, None, several)


def _more(one: Tracked, earlier: Tracked | None) -> int | None:
    """Packets since then, in both directions."""
    if one.counters is None:
        return None
    had = sum(each.packets for each in earlier.counters) if earlier is not None and earlier.counters else 0
    return max(0, sum(each.packets for each in one.counters) - had)
