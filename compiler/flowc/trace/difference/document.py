"""Which packets two hosts treat differently, for programs. docs/schemas/difference-1.schema.json is its schema.

    {"version": 1,
     "hosts": [
       {"host": "gw1", "only_old": [], "only_new": [], "not_compared": [],
        "differences": [
          {"kind": "newly accepted", "places": ["eth0"], "packets": ["tcp 22 to 192.0.2.1"], "example": "tcp ...",
           "old": {"verdict": "drop", ...}, "new": {"verdict": "accept", ...}}]}],
     "only_old": [], "only_new": []}

Within one version only new keys may appear.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flowc.diagnostics.dump import dump
from flowc.trace.answer.text import flat
from flowc.trace.difference.compared import Compared
from flowc.trace.difference.joint import Change, Difference, Side
from flowc.trace.difference.text import device, packet, sets, told_of

VERSION = 1


def document(compared: Compared) -> str:
    """The document, ending in a newline."""
    return dump(
        {
            "version": VERSION,
            "hosts": [_host(one) for one in compared.differences],
            "only_old": list(compared.only_old),
            "only_new": list(compared.only_new),
        }
    )


def _host(found: Difference) -> dict[str, Any]:
    return {
        "host": found.new.name,
        "only_old": _devices(found.only_old),
        "only_new": _devices(found.only_new),
        "not_compared": _devices(found.not_compared),
        "differences": [_change(found, one) for one in found.changes],
    }


def _devices(places: Sequence[tuple[str, int | None]]) -> list[str]:
    return [device(one) for one in places]


def _change(found: Difference, one: Change) -> dict[str, Any]:
    return {
        "kind": one.kind.text,
        "places": _devices(one.places),
        "packets": sets(found, one),
        "example": packet(one),
        "old": _side(one.old),
        "new": _side(one.new),
    }


def _side(side: Side) -> dict[str, Any]:
    """All that is compared, in words; the rule, or else the declaration, that decides."""
    rule = side.trace.rule
    span = rule.span if rule else side.trace.span
    return {
        **told_of(side),
        "rule": flat(rule.span.text) if rule else None,
        "reason": side.trace.reason,
        "file": span.source.name if span else None,
        "line": span.line if span else None,
    }
