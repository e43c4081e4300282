"""What a change does to hosts, for programs. docs/schemas/delta-1.schema.json is its schema.

    {"version": 1,
     "hosts": [
       {"host": "gw1", "old_host": "gw1", "created": 1, "deleted": 0, "changed": 0, "interrupted": [], "taken_along": {...},
        "changes": [
          {"action": "create", "kind": "element", "key": {"set": "eips4", "key": "0 . 2.2.2.13"},
           "text": "eips4 { 0 . 2.2.2.13 : 10.0.0.80 }", "old": null, "new": {"value": "10.0.0.80"},
           "attributes": [], "recreated": [], "statement": "eip 2.2.2.13 <-> vm80", "file": "gw.flow", "line": 33}]}],
     "only_old": [], "only_new": [], "notes": []}

Within one version only new keys may appear.
"""

from __future__ import annotations

from typing import Any

from flowc.delta.compared import Action, ComparedStates, Entry, Group, HostDelta
from flowc.delta.kinds import Kind
from flowc.delta.taken import Taken
from flowc.diagnostics.dump import dump

VERSION = 1


def document(compared: ComparedStates) -> str:
    """The document, ending in a newline."""
    return dump(
        {
            "version": VERSION,
            "hosts": [_host(one) for one in compared.hosts],
            "only_old": list(compared.only_old),
            "only_new": list(compared.only_new),
            "notes": list(compared.notes),
        }
    )


def _host(host: HostDelta) -> dict[str, Any]:
    kinds = list(host.delta.kinds())
    return {
        "host": host.name,
        "old_host": host.was,
        "created": sum(len(one.created) for one in kinds),
        "deleted": sum(len(one.deleted) for one in kinds),
        "changed": sum(len(one.changed) for one in kinds),
        "interrupted": list(host.delta.interrupted),
        "taken_along": _taken(host.taken),
        "changes": [_change(entry, group) for group in host.groups for entry in group.entries],
    }


def _taken(taken: Taken) -> dict[str, Any]:
    return {
        "devices": list(taken.upper),
        "members": list(taken.members),
        "addresses": taken.addresses,
        "routes": taken.routes,
        "neighbors": taken.neighbors,
        "filters": taken.filters,
    }


def _change(entry: Entry, group: Group) -> dict[str, Any]:
    kind = entry.kind
    span = kind.place(entry.there)
    return {
        "action": entry.action.value,
        "kind": kind.name,
        "key": dict(zip(kind.identity, kind.key(entry.there), strict=True)),
        "text": kind.words(entry.there),
        "old": None if entry.action is Action.CREATE else _values(kind, entry.old),
        "new": None if entry.action is Action.DELETE else _values(kind, entry.new),
        "attributes": list(entry.change.attributes) if entry.change else [],
        "recreated": list(entry.change.recreated) if entry.change else [],
        "statement": group.statement.text if group.statement else None,
        "file": span.source.name if span else None,
        "line": span.line if span else None,
    }


def _values(kind: Kind[Any], one: object) -> dict[str, Any]:
    return dict(zip(kind.attributes, kind.values(one), strict=True))
