"""Who carries the established packets of a connection: tc, the flowtable, or the ruleset."""

from __future__ import annotations

from typing import NamedTuple

from flowc.ir.addresses import Range, holds, merge
from flowc.ir.datapath import Carried, Known, Miss
from flowc.ir.fastpath import CARRIED, FastPath
from flowc.ir.helpers import HELPERS
from flowc.ir.links import Interface
from flowc.ir.network import Host, Offload
from flowc.ir.packet import NUMBERS
from flowc.ir.policy import Rule
from flowc.trace.model import ALL_BY_TC, NOTHING_BY_TC, ByTc
from flowc.trace.stages.leaving import Leaves
from flowc.trace.stages.stateless import is_stateless
from flowc.trace.stages.walk import Walk

CARRIED_NUMBERS = merge(Range(NUMBERS[name], NUMBERS[name]) for name in CARRIED)


class Offloaded(NamedTuple):
    """Whether something else than the ruleset carries them, both ways, and why or why not."""

    is_so: bool
    why: str
    by_tc: ByTc = NOTHING_BY_TC


class Way(NamedTuple):
    """That of a connection's first packet through the host."""

    coming: Interface
    leaving: Interface
    source: Leaves | None
    """None: it keeps the source that it has."""
    scopes: tuple[str | None, str | None]
    """The VRFs whose conntrack zones the connection and its answers are in; None is zone 0."""
    hairpin: bool


def offloaded(walk: Walk, host: Host, rule: Rule | None, way: Way) -> Offloaded:
    """Of a connection that a rule admits."""
    if rule is None or not rule.offload:
        return Offloaded(False, "the rule does not say `offload`")
    if host.offload is Offload.OFF:
        return Offloaded(False, "the host says `offload off`")
    if not walk.within("protocol", CARRIED_NUMBERS):
        return Offloaded(False, "a flowtable carries TCP and UDP only")
    helped = merge(Range(NUMBERS[one.protocol], NUMBERS[one.protocol]) for one in HELPERS.get(rule.helper or "", ()))
    if walk.within("protocol", helped):
        return Offloaded(False, f"helper `{rule.helper}` has to see every packet")
    where = "hardware" if host.offload is Offload.HARDWARE else "software"
    if not way.hairpin and is_stateless(walk, host, way.coming, way.leaving):
        return Offloaded(True, f"by tc in {where} without a connection, the first packet too", ALL_BY_TC)
    by_tc = None if way.hairpin else _by_tc(walk, host, way, where)
    if by_tc is not None:
        return by_tc
    for interface in (way.coming, way.leaving):
        obstacle = host.derived(FastPath).obstacles.get(interface.name)
        if obstacle is not None:
            return Offloaded(False, f"`{interface.name}`: {obstacle.value}")
    return Offloaded(True, f"by the flowtable in {where}, once replies were seen")


def _by_tc(walk: Walk, host: Host, way: Way, where: str) -> Offloaded | None:
    """None where tc does not look at the connection. One that it looks at is not the flowtable's."""
    carried, family = host.derived(Carried), walk.packet.family
    ends = zip((way.coming, way.leaving), way.scopes, strict=True)
    there, back = (carried.known(one.name, scope, family) for one, scope in ends)
    onward = Miss.ENTRANCE if there is None else _onward(walk, there)
    answers = Miss.ENTRANCE if back is None else _answers(walk, back, way.source)
    found = ByTc(onward is None, answers is None, is_seen=any(one is None or one.is_seen for one in (onward, answers)))
    if onward is None and answers is None:
        return Offloaded(True, f"by tc in {where}, once replies were seen", found)
    if onward is None and answers is not None:
        return Offloaded(False, f"by tc one way, all but the answers: {answers.value}", found)
    if onward is not None and answers is None:
        return Offloaded(False, f"by tc one way, the answers alone: {onward.value}", found)
    seen = next((one for one in (onward, answers) if one is not None and one.is_seen), None)
    return None if seen is None else Offloaded(False, f"tc looks at it and carries none of it: {seen.value}", found)


def _onward(walk: Walk, known: Known) -> Miss | None:
    """What tc does not find of the packets after the first."""
    if not walk.within("source", known.sources):
        return _of_source(known)
    if not walk.within("destination", known.called, as_it_came=True):
        return _of_destination(known)
    if not walk.within("destination", known.in_zone, as_it_came=True):
        return Miss.ZONE
    return None if walk.within("destination", known.onward) else Miss.WAY


def _answers(walk: Walk, known: Known, source: Leaves | None) -> Miss | None:
    """The same of the answers, which are for what the first packet left with."""
    if not walk.within("destination", known.sources):
        return _of_source(known)
    if source is None:
        if not walk.within("source", known.called):
            return _of_destination(known)
        if not walk.within("source", known.in_zone):
            return Miss.ZONE
        return None if walk.within("source", known.onward) else Miss.WAY
    # Of a network that is translated as one, the machines that have a way are those that are called.
    has_way, called = walk.within("source", known.onward), source.source.addresses
    if called is None or not holds(known.called, (called,)):
        return _of_destination(known)
    if not holds(known.in_zone, (called,)):
        return Miss.ZONE
    return None if has_way else Miss.WAY


def _of_source(known: Known) -> Miss:
    return Miss.FOREIGN if known.outside else Miss.SOURCE


def _of_destination(known: Known) -> Miss:
    return Miss.DESTINATION if known.outside else Miss.PUBLIC
