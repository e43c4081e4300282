"""tc: filters by device, chain, preference and handle, and the clsact qdiscs that they hang from.

All filters of a preference have one protocol (net/sched/cls_api.c, `tcf_chain_tp_find`), so that is not changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from flowc.delta.kinds import Kind
from flowc.hoststate import FlowerFilter
from flowc.hoststate.tc import (
    Action,
    Checksum,
    Conntrack,
    ConntrackClear,
    Drop,
    Goto,
    Nat,
    Pass,
    Pedit,
    Police,
    Redirect,
    SetMark,
    TunnelSet,
    TunnelUnset,
    Verdict,
)
from flowc.hoststate.tc.words import KEYWORDS, checksum_words, mark_words, match_words, value_words
from flowc.source import Span


class Clsact(NamedTuple):
    device: str
    span: Span


def clsacts(filters: Iterable[FlowerFilter]) -> tuple[Clsact, ...]:
    """One for each device with filters."""
    found: dict[str, Clsact] = {}
    for one in filters:
        found.setdefault(one.device, Clsact(one.device, one.span))
    return tuple(found.values())


def _title(one: FlowerFilter) -> str:
    return f"dev {one.device} {one.hook} pref {one.preference} chain {one.chain} handle {one.handle:#x}"


def _words(one: FlowerFilter) -> str:
    matches = (f"{name} {value}" for name, value in match_words(one.match).items() if value is not None)
    head = (f"{_title(one)} protocol {one.protocol} flower", *filter(None, [one.placement.value]), *matches)
    return f"{' '.join(head)}: {', '.join(_does(one)) or 'something that flowc never asks for'}"


def _does(one: FlowerFilter) -> tuple[str, ...]:
    """What becomes of a packet, step by step."""
    return tuple(step for action in one.actions for step in _steps(action))


def _steps(action: Action) -> tuple[str, ...]:
    match action:
        case SetMark(value, mask):
            return (f"mark {mark_words(value, mask)}",)
        case Pass() | Drop():
            return (type(action).__name__.lower(),)
        case Goto(chain):
            return (f"goto chain {chain}",)
        case Redirect(device):
            return (f"redirect to {device}",)
        case Conntrack(zone, nat):
            return (f"ct zone {zone}{' nat' if nat else ''}",)
        case ConntrackClear():
            return ("ct clear",)
        case Police(mtu, exceed, conform):
            rest = () if conform is Verdict.PIPE else (f"{conform} up to {mtu} bytes",)
            return (f"{exceed} over {mtu} bytes", *rest)
        case Pedit(munges):
            return tuple(f"{field} {'- 1' if value is None else f'= {value_words(value)}'}" for field, value in munges)
        case Checksum(of):
            return (f"checksum {checksum_words(of)}",)
        case Nat(direction, old, new):
            return (f"nat {direction} {old} -> {new}",)
        case TunnelSet() | TunnelUnset():
            return (f"tunnel {_tunnel(action)}",)


def _tunnel(action: TunnelSet | TunnelUnset) -> str:
    if isinstance(action, TunnelUnset):
        return "unset"
    more = {"checksum": action.checksum, "tos": action.tos, "ttl": action.ttl}
    said = "".join(f" {name}{'' if value is True else f' {value}'}" for name, value in more.items() if value)
    return f"{action.source} -> {action.destination} key {action.key}{said}"


FILTER: Kind[FlowerFilter] = Kind(
    name="filter",
    identity=("device", "hook", "chain", "preference", "handle"),
    key=lambda one: (one.device, one.hook.value, one.chain, one.preference, one.handle),
    attributes=("protocol", *KEYWORDS, "placement", "actions"),
    values=lambda one: (one.protocol, *match_words(one.match).values(), one.placement.value or "both", _does(one)),
    title=_title,
    words=_words,
    span=lambda one: one.span,
    fixed=frozenset({"protocol"}),
)

QDISC: Kind[Clsact] = Kind(
    name="qdisc",
    identity=("device",),
    key=lambda one: (one.device,),
    attributes=(),
    values=lambda _: (),
    title=lambda one: f"dev {one.device} clsact",
    words=lambda one: f"dev {one.device} clsact",
    span=lambda one: one.span,
)
