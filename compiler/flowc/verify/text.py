"""What was found out, for people: what is wrong and why, by what it is about; what is fine only where it is asked for.

drift
  wrong    neighbor 172.168.152.241 on uplink managed: neighbour 172.168.152.241 dev eth0 is missing  gw.flow:24
           help: `flowc diff --live` shows all, `flowc apply` mends it
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from flowc.diagnostics.columns import visible
from flowc.diagnostics.render_text import Style
from flowc.verify.model import Finding, Part, State, Verified

TITLES = {Part.NEIGHBORS: "neighbours"}
NOUNS = {
    Part.DRIFT: "declarations",
    Part.DEVICES: "devices",
    Part.NEIGHBORS: "neighbours",
    Part.TUNNELS: "tunnels",
    Part.FLOWS: "connections",
}
COLORS = {State.OK: "32", State.WRONG: "1;31", State.UNKNOWN: "33"}
BOLD, DIM = "1", "2"
MOST = 3
"""Things of one finding that are named without -v."""
MOST_FINDINGS = 20
"""Of a part, without -v."""
WIDTH = 8
INDENT = " " * (WIDTH + 3)


def lines(found: Verified, *, verbose: bool = False, color: bool = False) -> list[str]:
    """Part by part, then what was done to find out, then the sum."""
    style = Style(color)
    told: list[str] = []
    for part in Part:
        block = list(_part(list(found.of(part)), style, verbose=verbose))
        if block:
            told += [style.paint(TITLES.get(part, part.value), BOLD), *block, ""]
    told += [visible(note) for note in found.notes]
    return [*told, _sum(found, style)]


def _part(findings: Sequence[Finding], style: Style, *, verbose: bool) -> Iterator[str]:
    """Of what is fine a line, and of connections always. What helps with several in a row stands below the last."""
    meant = [one for one in findings if one.state is not State.OK or verbose or one.part is Part.FLOWS]
    shown = meant if verbose else meant[:MOST_FINDINGS]
    for one, after in zip_longest(shown, shown[1:]):
        yield from _finding(one, style, verbose=verbose)
        if one.help and (after is None or after.help != one.help):
            yield f"{INDENT}{style.paint('help:', BOLD)} {visible(one.help)}"
    if len(shown) < len(meant):
        left = sum(len(one.things) for one in meant[MOST_FINDINGS:])
        yield style.paint(f"  and {left} {NOUNS[meant[0].part]} more (all with -v)", DIM)


def _finding(one: Finding, style: Style, *, verbose: bool) -> Iterator[str]:
    place = style.paint(f"  {visible(one.span.source.name)}:{one.span.line}", DIM) if one.span else ""
    state = style.paint(f"{one.state.value:<{WIDTH}}", COLORS[one.state])
    several = len(one.things) > 1
    what = f"{len(one.things)} {NOUNS[one.part]}" if several else one.things[0]
    yield f"  {state} {visible(what)}: {visible(one.why)}{place}"
    if several and (one.state is not State.OK or verbose):
        shown = one.things if verbose else one.things[:MOST]
        yield from (f"{INDENT}  {visible(thing)}" for thing in shown)
        if len(shown) < len(one.things):
            yield style.paint(f"{INDENT}  and {len(one.things) - len(shown)} more (all with -v)", DIM)


def _sum(found: Verified, style: Style) -> str:
    counts = [(state, found.count(state)) for state in (State.WRONG, State.UNKNOWN, State.OK)]
    parts = [style.paint(f"{count} {state.value}", COLORS[state]) for state, count in counts if count]
    return f"{style.paint(visible(found.host), BOLD)}: {', '.join(parts)}"
