"""Public addresses: who calls them from inside, what they are translated to, and which of them nothing uses."""

from __future__ import annotations

from collections.abc import Iterator

from flowc.ir.addresses import Family, format_address
from flowc.ir.rows import ForwardRow
from flowc.trace.model import Stage, Verdict
from flowc.trace.stages.coming import is_opening, is_untracked
from flowc.trace.stages.inward import Inward
from flowc.trace.stages.passage import Ended, Passage

OF_NO_CONNECTION = "it belongs to no connection, and none can start with it"


def call_from_inside(passage: Passage) -> None:
    """Who calls a public address from inside is judged as if the packet had gone out, and come back. Raises Ended."""
    for index, scope in _both(passage):
        found = index.called(passage.walk, scope) or index.called_port(passage.walk, scope)
        if found is not None and found.zone != passage.entry.zone:
            passage.outside = found.zone
            text = f"a public address of zone `{found.zone}`, called from inside"
            passage.walk.step(Stage.HAIRPIN, text, found.span)
            passage.judge(passage.entry.zone, found.zone)
            return


def translate(passage: Passage) -> None:
    """Give the packet the destination behind the public one."""
    walk = passage.walk
    found = passage.indexes.local.target(walk, passage.scope) or passage.crossed
    if found is None:
        return
    family = walk.packet.family
    public = _socket(family, walk.packet.destination, walk.packet.detail if found.port is not None else None)
    target = _socket(family, found.address, found.port)
    walk.translate(found.address, found.port)
    named = "port forward" if isinstance(found.row, ForwardRow) else "EIP"
    vrf = f" in VRF `{found.row.vrf}`" if found.row.vrf else ""
    walk.step(Stage.DNAT, f"{named}: {public} is {target}{vrf}", found.row.span)
    if passage.crossed is not None:
        passage.vrf = passage.crossed.row.vrf


def refuse_unused(passage: Passage) -> None:
    """What a pool holds and nothing translates goes nowhere. Raises Ended.

    Inside of a VRF that is asked by conntrack zone, and what can begin no connection is in none.
    """
    opening = is_opening(passage.walk)
    for index, scope in _both(passage):
        is_front = index is passage.indexes.front
        if not (passage.indexes.replies.is_crossing(passage.interface) if is_front else opening):
            continue
        found = index.called(passage.walk, scope)
        if found is not None and found.pooled:
            reason = "an address of a pool that nothing uses"
            raise Ended(Verdict.DROP, reason if opening else OF_NO_CONNECTION, found.span)


def refuse_own_call(passage: Passage) -> None:
    """What the host itself sends to a public address that it answers for comes in again by `lo`, which is in no zone: no
    policy admits it. Raises Ended.

    Inside of a VRF it comes in by the VRF's device, and is taken for what has been judged.
    """
    walk = passage.walk
    if is_untracked(walk) or not is_opening(walk):
        return
    for index, scope in _both(passage):
        found = index.called(walk, scope)
        if passage.vrf is None:
            called = found or index.called_port(walk, scope)
            if called is not None:
                reason = (
                    f"a public address of zone `{called.zone}`, and no policy is for what the host itself calls there"
                )
                raise Ended(Verdict.DROP, reason, called.span)
        elif index is passage.indexes.local and found is not None and found.pooled:
            raise Ended(Verdict.DROP, "an address of a pool that nothing uses", found.span)


def is_unused(passage: Passage) -> bool:
    """Who sent it has an address of a pool that nothing uses: replies to it are dropped."""
    for index, scope in _both(passage):
        found = index.called(passage.walk, scope, "source")
        if found is not None and found.pooled:
            return index is passage.indexes.local or bool(passage.indexes.fronts.zones)
    return False


def _both(passage: Passage) -> Iterator[tuple[Inward, str | None]]:
    """The addresses of the packet's own VRF, and those that are called at fronts."""
    yield passage.indexes.local, passage.scope
    yield passage.indexes.front, None


def _socket(family: Family, address: int, port: int | None) -> str:
    text = format_address(family, address)
    if port is None:
        return text
    return f"[{text}]:{port}" if family == 6 else f"{text}:{port}"
