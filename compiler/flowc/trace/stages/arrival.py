"""Where a packet comes in: who may send it there, and to which VRF it belongs."""

from __future__ import annotations

from flowc.ir.links import Interface
from flowc.trace.model import Stage, Verdict
from flowc.trace.stages.passage import Ended, Passage


def arrive(passage: Passage) -> None:
    """Check the source, and find the VRF. Raises Ended."""
    if passage.interface is None:
        _sent_by_the_host(passage)
    else:
        _by_interface(passage, passage.interface)


def _by_interface(passage: Passage, interface: Interface) -> None:
    walk, indexes, entry = passage.walk, passage.indexes, passage.entry
    zone = f", zone `{entry.zone}`" if entry.zone else ", which is in no zone"
    sender = f" from endpoint `{entry.endpoint}`" if entry.endpoint else ""
    walk.step(Stage.INGRESS, f"comes in by `{interface.name}`{sender}{zone}", interface.span)
    refused = indexes.coming.refused(walk, entry, interface) or indexes.coming.martian(walk)
    if refused is not None:
        walk.step(Stage.SOURCE_CHECK, refused.reason, refused.span)
        raise Ended(Verdict.DROP, refused.reason, refused.span)
    walk.step(Stage.SOURCE_CHECK, f"such a source may come in by `{interface.name}`", interface.span)
    passage.vrf, passage.scope = interface.vrf, indexes.scope(interface.vrf)
    if indexes.replies.is_crossing(interface):
        passage.crossed = indexes.front.target(walk, None)
    if passage.crossed is not None and indexes.is_front(interface):
        # EIPs are in the zone of their owner; what shares an address is told apart by its ports, in zone 0.
        passage.scope = indexes.fronts.owner(walk.packet.family, walk.packet.destination)
    _conntrack_zone(passage)


def _conntrack_zone(passage: Passage) -> None:
    vrfs = passage.indexes.host.vrfs
    if vrfs:
        of = vrfs[passage.scope] if passage.scope else None
        text = f"{of.number}, of VRF `{of.name}`" if of else "0, of no VRF"
        passage.walk.step(Stage.CONNTRACK, text, of.span if of else None)


def _sent_by_the_host(passage: Passage) -> None:
    """In the VRF whose address it is sent from."""
    family = passage.walk.packet.family
    for one in passage.indexes.host.interfaces.values():
        own = [int(each.ip) for each in one.addresses if each.version == family]
        if any(passage.walk.equals("source", address) for address in own):
            passage.vrf = one.vrf
            break
    passage.scope = passage.indexes.scope(passage.vrf)
    passage.walk.step(Stage.INGRESS, "the host itself sends it" + (f" in VRF `{passage.vrf}`" if passage.vrf else ""))
