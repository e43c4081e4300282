"""Where a packet goes, and which policy admits it there."""

from __future__ import annotations

from typing import NamedTuple

from flowc.ir.addresses import format_address
from flowc.ir.links import Interface
from flowc.ir.packet import GRE
from flowc.ir.policy import SELF
from flowc.trace.model import Stage, Verdict
from flowc.trace.stages.coming import is_link_local_source, is_opening, is_untracked
from flowc.trace.stages.implied import implied, implied_out, tunnelled
from flowc.trace.stages.passage import Ended, Judged, Passage
from flowc.trace.stages.public import OF_NO_CONNECTION, refuse_own_call
from flowc.trace.stages.ways import Kind

REFUSALS = {Kind.UNREACHABLE: Verdict.UNREACHABLE, Kind.BLACKHOLE: Verdict.DROP}


class Goes(NamedTuple):
    """An admitted packet's way on; `out` None: to the host itself."""

    out: Interface | None
    gateway: int | None
    judged: Judged


def forward(passage: Passage) -> Goes:
    """Look the way up, and ask the policy. Raises Ended."""
    walk, indexes = passage.walk, passage.indexes
    way = indexes.ways.to(walk, passage.vrf, passage.choice, from_host=passage.interface is None)
    passage.ways, passage.is_routed = way.ways, True
    refusal = REFUSALS.get(way.kind)
    if refusal is not None:
        walk.step(Stage.ROUTE, way.text, way.span)
        raise Ended(refusal, way.text, way.span)
    if way.kind is Kind.TO_HOST:
        _check_way_back(passage, None)
        walk.step(Stage.ROUTE, f"to the host: {way.text}", way.span)
        return Goes(None, None, _delivered(passage))
    assert way.interface is not None
    out = indexes.host.interfaces[way.interface]
    _check_way_back(passage, out)
    passage.out = out
    by = f" by {format_address(walk.packet.family, way.gateway)}" if way.gateway is not None else ""
    choice = f", one of {way.ways} ways" if way.ways > 1 else ""
    walk.step(Stage.ROUTE, f"{way.text}{by}, leaves by `{out.name}`{choice}", way.span)
    judged = _through(passage, out)
    if way.gateway is None and passage.interface is not None and out.vrf != passage.vrf:
        _check_neighbor(passage, out)
    _check_found(passage, out, way.gateway)
    return Goes(out, way.gateway, judged)


def _check_neighbor(passage: Passage, out: Interface) -> None:
    """A leak leads onto the link of another VRF, and there nobody answers for what is the host's own."""
    walk = passage.walk
    if walk.within("destination", passage.indexes.ways.own_elsewhere(out.vrf, walk.packet.family)):
        reason = f"nobody behind `{out.name}` has it: it is an address of the host's own"
        raise Ended(Verdict.DROP, reason, out.span)


def _check_found(passage: Passage, out: Interface, gateway: int | None) -> None:
    """What an IPv6 neighbour advertises is looked at by the check of sources, too."""
    walk = passage.walk
    if not passage.indexes.coming.finds(walk, "destination", out, gateway):
        shown = format_address(6, walk.packet.destination if gateway is None else gateway)
        reason = f"its neighbor is not found: what {shown} advertises does not come in by `{out.name}`"
        walk.step(Stage.NEIGHBOR, reason, out.span)
        raise Ended(Verdict.DROP, reason, out.span)


def _check_way_back(passage: Passage, out: Interface | None) -> None:
    """`out` is None for what is for the host itself.

    What comes in outside of all VRFs, with a mark that does not count, is looked for in the VRF of the device that it
    leaves by: the lookup has that as `iif` (`__fib_validate_source` in net/ipv4/fib_frontend.c, and `l3mdev_update_flow`).
    """
    interface = passage.interface
    if interface is None:
        return
    if passage.indexes.is_front(interface) or interface.carrier is not None:
        table = passage.vrf
    elif interface.vrf is None and out is not None and out.carrier is None:
        table = out.vrf
    else:
        table = interface.vrf
    refused = passage.indexes.coming.no_way_back(passage.walk, interface, table)
    if refused is not None:
        passage.walk.step(Stage.SOURCE_CHECK, refused.reason, refused.span)
        raise Ended(Verdict.DROP, refused.reason, refused.span)


def _delivered(passage: Passage) -> Judged:
    """To the host: what declared tunnels need is admitted, then the zone's policy decides."""
    if passage.interface is None:
        refuse_own_call(passage)
        return Judged(None, None, "the host may send to itself", None)
    if passage.entry.zone is None and passage.indexes.zoning.is_shared(passage.interface.name):
        raise Ended(Verdict.DROP, f"no zone on `{passage.interface.name}` has this source", passage.interface.span)
    if passage.entry.zone is None:
        return Judged(None, None, "input from no zone is left alone", None)
    found = implied(passage.walk, passage.interface)
    if found is None and passage.walk.equals("protocol", GRE):
        found = tunnelled(passage.walk, passage.indexes.host, "destination", "source")
    return found or passage.judge(passage.entry.zone, SELF)


def _through(passage: Passage, out: Interface) -> Judged:
    """Through the host, or from it."""
    walk, indexes = passage.walk, passage.indexes
    target = indexes.zoning.at(walk, out.name, "destination")
    if passage.interface is None:
        if target is None or indexes.judges.policy(SELF, target) is None:
            return Judged(None, None, "the host may send", None)
        return implied_out(walk, indexes.host, out) or passage.judge(SELF, target)
    if is_link_local_source(walk):
        raise Ended(Verdict.UNREACHABLE, "a link-local source is not forwarded", None)
    if is_untracked(walk):
        raise Ended(Verdict.DROP, "neighbour discovery and multicast listening stay on their link", None)
    if not is_opening(walk):
        raise Ended(Verdict.DROP, OF_NO_CONNECTION, None)
    return passage.judge(passage.outside or passage.entry.zone, target)
