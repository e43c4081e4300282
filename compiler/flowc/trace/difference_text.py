"""Which packets two hosts treat differently, for people."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap

from flowc.diagnostics.columns import visible
from flowc.diagnostics.render_text import Style
from flowc.ir.addresses import format_address
from flowc.ir.packet import Packets
from flowc.source import Span
from flowc.trace import words
from flowc.trace.difference import FROM_ITSELF, Change, Difference, Kind, Side, everything
from flowc.trace.failed import shown
from flowc.trace.summary import example
from flowc.trace.text import BOLD, DIM, WIDTH, columns, flat
from flowc.trace.treatment import KEPT, Field, Place, Treatment
from flowc.trace.words import Words

MOST_CHANGES = 25
MOST_BOXES = 4
COLORS = {0: "1;32", 1: "1;31", 2: "1;33"}


def lines(found: Difference, *, verbose: bool = False, color: bool = False) -> list[str]:
    """A line for each kind of difference, and below it which packets, what becomes of them on either side, and one."""
    style, says = Style(color), Words(found.new)
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
        told += ["", *_change(one, says, style, verbose=verbose)]
        told.append(style.paint(f"      for example `{visible(packet(found, one))}`", DIM))
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


def packet(found: Difference, change: Change) -> str:
    """One of the packets, as `flowc trace` takes it: what is said of it on either file differs."""
    where = change.places[0]
    interface = change.new.trace.entry.interface
    origin = "self" if where == FROM_ITSELF else interface
    return f"{shown(example(change.packets[0]))} from {origin}"


def device(where: Place) -> str:
    """`eth0`, `tun0 key 7`, `the host itself`."""
    if where == FROM_ITSELF:
        return "the host itself"
    return where[0] if where[1] is None else f"{where[0]} key {where[1]}"


def sets(change: Change, says: Words) -> list[str]:
    """All packets of a change, in words."""
    return [says.packets(box, _whole(box), change.new.treatment.destination) for box in change.packets]


def _whole(box: Packets) -> Packets:
    return next(
        (one for one in everything(box.family) if one.protocol == box.protocol),
        everything(box.family)[0],
    )


def _change(one: Change, says: Words, style: Style, *, verbose: bool) -> Iterator[str]:
    told = list(dict.fromkeys(sets(one, says)))
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
        differs = [text for key, text in mine.items() if theirs.get(key) != text]
        rows.append((name, "; ".join([*differs, f"by `{by}`" if rule else by]), rule.span if rule else side.trace.span))
    yield from columns(rows, style)


def told_of(side: Side) -> dict[str, str]:
    """All that is compared, in words, by what it is."""
    found: dict[str, list[str]] = {}
    for one in sorted(side.treatments, key=str):
        for key, text in _told(one, side.trace.packet.family == 6).items():
            found.setdefault(key, []).append(text)
    return {key: " or ".join(dict.fromkeys(texts)) for key, texts in found.items()}


def _told(one: Treatment, is_v6: bool) -> dict[str, str]:
    family = 6 if is_v6 else 4
    found = {"verdict": one.verdict.value}
    if one.is_accepted:
        assert one.egress is not None
        router = "" if one.gateway is None else f" by router {format_address(family, one.gateway)}"
        key = "" if one.key is None else f" with key {one.key}"
        outer = "" if one.outer is None else f" to {format_address(one.outer[0], one.outer[2])}"
        found["egress"] = f"to {device(one.egress)}{key}{outer}{router}"
        found["source"] = f"source {_end(family, one.source, one.source_port)}"
        found["destination"] = f"destination {_end(family, one.destination, one.port)}"
        found["offload"] = "offloaded" if one.offload else "not offloaded"
    found["answered"] = "answered" if one.answered else "not answered"
    found["limit"] = f"limit {_values(one.limit)}"
    found["connections"] = f"connections {_values(one.connections)}"
    found["log"] = f"log {_values(one.log)}"
    found["helper"] = f"helper {one.helper or 'none'}"
    return found


def _end(family: int, address: Field, port: Field) -> str:
    shown_address = words.field(6 if family == 6 else 4, address)
    return shown_address if port == KEPT else f"{shown_address}, port {words.port(port)}"


def _values(values: tuple[object, ...] | None) -> str:
    return "none" if values is None else " ".join(str(one) for one in values if one is not None and one is not False)
