"""tc: filters by device, chain, preference and handle, and the clsact qdiscs that they hang from.

All filters of a preference have one protocol (net/sched/cls_api.c, `tcf_chain_tp_find`), so that is not changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from flowc.delta.kinds import Kind
from flowc.hoststate import FlowerFilter
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
    return f"dev {one.device} ingress pref {one.preference} chain {one.chain} handle {one.handle:#x}"


def _words(one: FlowerFilter) -> str:
    value, mask = one.mark
    match = f"enc_key_id {one.key} enc_src_ip {one.outer_source} enc_dst_ip {one.outer_destination}"
    return f"{_title(one)} protocol {one.protocol} flower {match} skbedit mark {value:#x}/{mask:#x}"


FILTER: Kind[FlowerFilter] = Kind(
    name="filter",
    identity=("device", "chain", "preference", "handle"),
    key=lambda one: (one.device, one.chain, one.preference, one.handle),
    attributes=("protocol", "enc_key_id", "enc_src_ip", "enc_dst_ip", "mark"),
    values=lambda one: (
        one.protocol, one.key, one.outer_source, one.outer_destination, f"{one.mark[0]:#x}/{one.mark[1]:#x}",
    ),
    title=_title,
    words=_words,
    span=lambda one: one.span,
    fixed=frozenset({"protocol"}),
)  # fmt: skip

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
