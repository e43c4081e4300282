"""Members of a set that are in it anyhow."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from flowc.diagnostics import Diagnostics
from flowc.ir.addresses import Range
from flowc.resolve import codes
from flowc.syntax import tree


class Member(NamedTuple):
    """One that is written out, with what it stands for; `group` keeps families apart."""

    group: int
    range: Range
    node: tree.Value


def redundant(members: Iterable[Member], diagnostics: Diagnostics) -> None:
    """Report each member that one before it, or a larger one, holds. Named ones are not looked at: a name has a meaning."""
    widest: Member | None = None
    for member in sorted(members, key=lambda one: (one.group, one.range.low, -one.range.high, one.node.span.start)):
        if widest is None or widest.group != member.group or widest.range.high < member.range.high:
            widest = member
            continue
        same = widest.range == member.range
        diagnostics.report(
            codes.REDUNDANT_ENTRY,
            f"`{member.node.span.text}` is in the set twice"
            if same
            else f"`{member.node.span.text}` is in `{widest.node.span.text}`, which is in the set, too",
            member.node.span,
            related=[(widest.node.span, "first given here" if same else "this holds it")],
            help="remove it, unless it was meant to be something else",
        )
