"""What is on the host and not in the file, and the other way round: a finding for each declaration that differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from flowc.delta import Delta
from flowc.delta.compared import Action, ComparedStates, Entry, Group
from flowc.delta.kinds import Kind
from flowc.delta.text import told
from flowc.ir.network import Host
from flowc.verify.model import Part, Row, State

_DONE = {Action.CREATE: "is missing", Action.DELETE: "is not in the file", Action.CHANGE: "differs, host -> file"}
_FORWARD = "forward"
"""The chain that every table has."""
_MOST = 3
"""Objects of one declaration that are told."""


def drift(compared: ComparedStates, absent: Iterable[str], host: Host) -> Iterator[Row]:
    """Devices that are missing, then what differs by declaration; one row if nothing does."""
    spans = {one.device: one.span for one in host.interfaces.values()}
    missing = tuple(absent)
    for device in missing:
        help_ = "what is on it is loaded by `flowc apply`, once it is there"
        yield Row(Part.DRIFT, State.WRONG, device, "the device is not there", help_, spans.get(device))
    for one in compared.hosts:
        lost = _without_table(one.delta)
        if lost:
            help_ = "`flowc apply` loads it; a restart of nftables.service and `nft flush ruleset` take it away"
            yield Row(Part.DRIFT, State.WRONG, "nft table inet flowc", "it is not there: no policy is in force", help_)
        for group in one.groups:
            entries = tuple(entry for entry in group.entries if entry.kind not in lost)
            if entries:
                yield _row(replace(group, entries=entries))
    if compared.is_empty and not missing:
        yield Row(Part.DRIFT, State.OK, host.name, "all is loaded as the file says")


def _without_table(delta: Delta) -> list[Kind[Any]]:
    """What kinds are missing as a whole, because the table is."""
    is_lost = any(chain.name == _FORWARD for chain in delta.chains.created)
    return [changes.kind for changes in delta.in_table] if is_lost else []


def _row(group: Group) -> Row:
    what = group.statement.text if group.statement else _whole(group)
    seen = [_said(entry) for entry in group.entries[:_MOST]]
    left = Counter(entry.kind.noun for entry in group.entries[_MOST:])
    if left:
        seen.append("and " + ", ".join(f"{count} more of {name}" for name, count in left.items()))
    span = group.statement.span if group.statement else None
    return Row(
        Part.DRIFT, State.WRONG, what, "; ".join(seen), "`flowc diff --live` shows all, `flowc apply` mends it", span
    )


def _whole(group: Group) -> str:
    return "on the host, and not in the file" if group.action is Action.DELETE else "the host as a whole"


def _said(entry: Entry) -> str:
    kind = entry.kind
    if entry.change is not None:
        return f"{kind.noun} {kind.title(entry.new)} {_DONE[entry.action]}: {told(entry)}"
    return f"{kind.noun} {kind.words(entry.there)} {_DONE[entry.action]}"
