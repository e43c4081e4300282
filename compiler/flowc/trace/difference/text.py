"""Which packets two hosts treat differently, for people."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap

from flowc.diagnostics.columns import visible
from flowc.diagnostics.render_text import Style
from flowc.ir.addresses import Family, format_address, intersect, subtract
from flowc.ir.packet import EVERY_ADDRESS, Values, every_packet
from flowc.source import Span
from flowc.trace.answer import words
from flowc.trace.answer.summary import example
from flowc.trace.answer.text import BOLD, DIM, WIDTH, columns, flat
from flowc.trace.answer.treatment import KEPT, Place, Treatment
from flowc.trace.answer.words import Words
from flowc.trace.difference.joint import FROM_ITSELF, Change, Difference, Kind, Side
from flowc.trace.stages.passage import Indexes
from flowc.trace.testing.failed import statement

MOST_CHANGES = 25
MOST_BOXES = 4
NONE, AS_IT_CAME = "none", "as it came"
LABELS = {
    "egress": "to ",
    **{name: f"{name} " for name in ("source", "destination", "limit", "connections", "log", "helper")},
    "beyond": "beyond the limit ",
}
"""What stands before a value; others say themselves what they are."""
COLORS = {0: "1;32", 1: "1;31", 2: "1;33"}


def lines(found: Difference, *, verbose: bool = False, color: bool = False) -> list[str]:
    """A line for each kind of difference, and below it which packets, what becomes of them on either side, and one."""
    style = Style(color)
    name = visible(found.new.name)
    if found.is_empty:
        return [f"{name}: no packet is treated differently"]
    told: list[str] = []
    kind: Kind | None = None
    for one in found.changes[: None if verbose else MOST_CHANGES]:
        if one.kind != kind:
            kind = one.kind
            head = style.paint(kind.text, COLORS.get(kind.rank, BOLD))
            told += [*([""] if told else []), f"{name}: {head}"]
        told += ["", *_change(found, one, style, verbose=verbose)]
        told.append(style.paint(f"      for example `{visible(packet(one))}`", DIM))
    if len(found.changes) > MOST_CHANGES and not verbose:
        told += ["", f"and {len(found.changes) - MOST_CHANGES} more differences (all with -v)"]
    told += [""] * bool(told)
    for where, places in (("old", found.only_old), ("new", found.only_new)):
        if places:
            told.append(f"{name}: only in the {where} file packets come in by {', '.join(map(device, places))}")
    if found.not_compared:
        many = ", ".join(map(device, found.not_compared[:MOST_CHANGES]))
        more = len(found.not_compared) - MOST_CHANGES
        rest = f" and {more} more" if more > 0 else ""
        told.append(f"{name}: not compared, there are too many ways: all that comes in by {many}{rest}")
    return told if told[-1] else told[:-1]


def packet(change: Change) -> str:
    """One of the packets, as `flowc trace` takes it with the new file."""
    where = change.places[0]
    interface = change.new.trace.entry.interface
    origin = interface if interface is not None and where != FROM_ITSELF else "self"
    return statement(example(change.packets[0]), origin)


def device(where: Place) -> str:
    """`eth0`, `tun0 key 7`, `the host itself`."""
    if where == FROM_ITSELF:
        return "the host itself"
    return where[0] if where[1] is None else f"{where[0]} key {where[1]}"


def sets(found: Difference, change: Change) -> list[str]:
    """All packets of a change, in words; sources are named where not all that may come in there are among them."""
    says = Words(found.new)
    fields = {one.destination for side in (change.old, change.new) for one in side.treatments if one.is_accepted}
    destination = fields.pop() if len(fields) == 1 else KEPT
    told = []
    for box in change.packets:
        whole = every_packet(box.family)[0]
        coming = _coming(found, change, box.family)
        if not subtract(coming, box.source):
            box = box._replace(source=whole.source)  # noqa: PLW2901
        told.append(says.packets(box, whole, destination))
    return list(dict.fromkeys(told))


def _coming(found: Difference, change: Change, family: Family) -> Values:
    """The sources that may come in there on both hosts."""
    both: list[Values] = []
    for host, side in ((found.old, change.old), (found.new, change.new)):
        name = side.trace.entry.interface
        if name is None:
            return EVERY_ADDRESS[family]
        both.append(host.derived(Indexes).coming.may_come(host.interfaces[name], family))
    return intersect(*both)


def _change(found: Difference, one: Change, style: Style, *, verbose: bool) -> Iterator[str]:
    told = sets(found, one)
    for text in told if verbose else told[:MOST_BOXES]:
        first, *others = wrap(visible(text), WIDTH - 4, break_on_hyphens=False)
        yield f"  {first}"
        yield from (f"      {other}" for other in others)
    if len(told) > MOST_BOXES and not verbose:
        yield f"  and {len(told) - MOST_BOXES} more sets of packets (all with -v)"
    rows: list[tuple[str, str, Span | None]] = [("coming in by", ", ".join(map(device, one.places)), None)]
    before, after = (told_of(side) for side in (one.old, one.new))
    for name, side, mine, theirs in (("old", one.old, before, after), ("new", one.new, after, before)):
        rule = side.trace.rule
        by = flat(rule.span.text) if rule else side.trace.reason
        differs = list(_differs(mine, theirs))
        rows.append((name, "; ".join([*differs, f"by `{by}`" if rule else by]), rule.span if rule else side.trace.span))
    yield from columns(rows, style)


def _differs(mine: dict[str, str], theirs: dict[str, str]) -> Iterator[str]:
    """What is not the same; where one side refuses, only what is worth a word."""
    for key, text in mine.items():
        plain = text in (NONE, AS_IT_CAME) or key == "answered"
        if theirs.get(key) != text and not (plain and mine["verdict"] != theirs["verdict"]):
            yield f"{LABELS.get(key, '')}{text}"


def told_of(side: Side) -> dict[str, str]:
    """All that is compared, in words, by what it is."""
    found: dict[str, list[str]] = {}
    for one in sorted(side.treatments, key=str):
        for key, text in _told(one, side.trace.packet.family).items():
            found.setdefault(key, []).append(text)
    return {key: words.any_of(texts) for key, texts in found.items()}


def _told(one: Treatment, family: Family) -> dict[str, str]:
    found = {"verdict": one.verdict.value}
    if one.is_accepted:
        assert one.egress is not None
        router = "" if one.gateway is None else f" by router {format_address(family, one.gateway)}"
        key = "" if one.key is None else f" with key {one.key}"
        outer = "" if one.outer is None else f" to {format_address(one.outer[0], one.outer[2])}"
        found["egress"] = f"{device(one.egress)}{key}{outer}{router}"
        found["source"] = words.end(family, one.source, one.source_port)
        found["destination"] = words.end(family, one.destination, one.port)
        found["offload"] = "offloaded" if one.offload else "not offloaded"
    found["answered"] = "answered" if one.answered else "not answered"
    found["limit"] = _rate(one.limit)
    found["connections"] = NONE if one.connections is None else f"{one.connections[0]}{_each(one.connections[1])}"
    found["log"] = NONE if one.log is None else f'"{one.log[0]}" {_rate((*one.log[1:], False))}'
    found["helper"] = one.helper or NONE
    found["beyond"] = ", then ".join(map(_overflow, one.beyond)) or NONE
    return found


def _overflow(beyond: tuple[object, ...]) -> str:
    """What one rule does with what is beyond the limits of those before it."""
    action, limit, connections, log = beyond
    assert isinstance(limit, tuple | None)
    assert isinstance(connections, tuple | None)
    assert isinstance(log, tuple | None)
    parts = [str(action)]
    parts += [] if limit is None else [f"limit {_rate(limit)}"]
    parts += [] if connections is None else [f"connections {connections[0]}{_each(connections[1])}"]
    parts += [] if log is None else [f'log "{log[0]}"']
    return " ".join(parts)


def _rate(rate: tuple[object, ...] | None) -> str:
    """`10/second burst 20 per source`."""
    if rate is None:
        return NONE
    number, unit, burst, per_source = rate
    return f"{number}/{unit}{'' if burst is None else f' burst {burst}'}{_each(per_source)}"


def _each(per_source: object) -> str:
    return " per source" if per_source else ""
