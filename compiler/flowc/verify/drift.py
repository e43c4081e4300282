"""What is on the host and not in the file, and the other way round: a finding for each declaration that differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from flowc.delta.compared import Action, ComparedStates, Entry, Group
from flowc.delta.text import told
from flowc.ir.network import Host
from flowc.verify.model import Part, Row, State

_DONE = {Action.CREATE: "is missing", Action.DELETE: "is not in the file", Action.CHANGE: "differs, host -> file"}
_MOST = 3
"""Objects of one declaration that are told."""


def drift(compared: ComparedStates, absent: Iterable[str], host: Host) -> Iterator[Row]:
    """Devices that are missing, then what differs by declaration; one row if nothing does."""
    spans = {one.device: one.span for one in host.interfaces.values()}
    missing = tuple(absent)
    for device in missing:
        help_ = "what is on it is loaded by `flowc apply`, once it is there"
        yield Row(Part.DRIFT, State.WRONG, device, "the device is not there", help_, spans.get(device))
    groups = [group for one in compared.hosts for group in one.groups]
    for group in groups:
        yield _row(group)
    if not groups and not missing:
        yield Row(Part.DRIFT, State.OK, host.name, "all is loaded as the file says")


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
