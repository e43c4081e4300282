"""What a change does to hosts, for people: by declaration, a line for each object, and a summary below.

~ interface vms { device tap75; address 10.0.0.2/24; vrf acme }  new.flow:11
    - address    10.0.0.1/24 dev tap75
    + address    10.0.0.2/24 dev tap75
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from flowc.delta.compared import Action, ComparedStates, Entry, Group, HostDelta, entries
from flowc.delta.kinds import Changed, Value
from flowc.delta.links import LINK
from flowc.delta.taken import Taken
from flowc.diagnostics.columns import ELLIPSIS, visible
from flowc.diagnostics.render_text import Style

WIDTH = 120
"""Columns of a line, but with -v and for a long path."""
HEAD = 80
"""Columns that a declaration has before its place."""
MOST_GROUPS = 25
MOST_ENTRIES = 8
BAR = 50
"""Signs that the longest bar of the summary has."""

SIGNS = {Action.CREATE: "+", Action.DELETE: "-", Action.CHANGE: "~"}
COLORS = {Action.CREATE: "32", Action.DELETE: "31", Action.CHANGE: "33"}
BOLD, DIM, LOUD = "1", "2", "1;31"
DONE = {Action.CREATE: "created", Action.DELETE: "deleted", Action.CHANGE: "changed"}
KIND_WIDTH = len("neighbour")
"""The longest noun of a kind that most deltas have."""


def lines(compared: ComparedStates, *, verbose: bool = False, color: bool = False) -> list[str]:
    """Hosts one by one, then those that one of the files does not have, then the notes and the sum."""
    style = Style(color)
    told: list[str] = []
    for host in compared.hosts:
        told += [*_host(host, style, verbose=verbose), *([""] if not compared.is_empty else [])]
    for action, where, names in (
        (Action.DELETE, "old", compared.only_old),
        (Action.CREATE, "new", compared.only_new),
    ):
        for name in names:
            told += [_painted(style, action, f"host {visible(name)}: only in the {where} file"), ""]
    told += [visible(note) for note in compared.notes]
    told += _sum(compared, style)
    return told if told[-1] else told[:-1]


def _host(host: HostDelta, style: Style, *, verbose: bool) -> Iterator[str]:
    name = style.paint(f"host {visible(host.name)}", BOLD)
    if host.was != host.name:
        name += style.paint(f" ({visible(host.was)} in the old file)", DIM)
    if not len(host.delta):
        yield f"{name}: nothing changes"
        return
    yield name
    shown = host.groups if verbose else host.groups[:MOST_GROUPS]
    heads = [_head(group) for group in shown]
    widest = min(HEAD, max(map(len, heads)))
    for group, head in zip(shown, heads, strict=True):
        yield ""
        yield from _group(group, head, widest, style, verbose=verbose)
    left = host.groups[len(shown) :]
    if left:
        count = sum(len(group.entries) for group in left)
        yield ""
        yield style.paint(f"  and {count} objects of {len(left)} more declarations (all with -v)", DIM)
    yield ""
    yield from _statistics(host, style)
    yield from _interruptions(host, style)


def _head(group: Group) -> str:
    if group.statement is None:
        return "on the host, and not in the file" if group.action is Action.DELETE else "the host as a whole"
    return visible(group.statement.text)


def _group(group: Group, head: str, widest: int, style: Style, *, verbose: bool) -> Iterator[str]:
    shown = head if verbose else _cut(head, HEAD)
    place = f"  {visible(str(group.statement.span))}" if group.statement else ""
    head = _painted(style, group.action, shown, bold=True) + " " * max(0, widest - len(shown))
    yield f"  {head}{style.paint(place, DIM)}".rstrip()
    many = group.entries if verbose else group.entries[:MOST_ENTRIES]
    for entry in many:
        yield from _entry(entry, style, verbose=verbose)
    left = Counter(entry.kind.noun for entry in group.entries[len(many) :])
    if left:
        kinds = ", ".join(f"{count} {_plural(name, count)}" for name, count in left.items())
        yield style.paint(f"      and {kinds} more (all with -v)", DIM)


def _entry(entry: Entry, style: Style, *, verbose: bool) -> Iterator[str]:
    kind = entry.kind
    text = kind.words(entry.there) if entry.change is None else f"{kind.title(entry.new)}  {told(entry)}"
    text = visible(f"{kind.noun:<{KIND_WIDTH}}  {text}")
    yield f"      {_painted(style, entry.action, text if verbose else _cut(text, WIDTH - 8))}"
    if kind.name == "link" and entry.change is not None and entry.recreated:
        yield f"        {style.paint(f'! deleted and created again: {_reason(entry.change)}', LOUD)}"


def _reason(change: Changed[Any]) -> str:
    if LINK.fixed.isdisjoint(change.recreated):
        return "another device has its ends and keys until then"
    return f"the kernel cannot change its {_and(change.recreated)}"


def told(entry: Entry) -> str:
    """`mtu 1458 -> 1400`; lists by what is new in them and what is gone."""
    assert entry.change is not None
    kind = entry.kind
    found = []
    for name, old, new in zip(kind.attributes, kind.values(entry.old), kind.values(entry.new), strict=True):
        if old != new:
            label = "" if name == "value" else f"{name} "
            found.append(label + _values(old, new))
    if found[:2] == [f"i{found[0][1:]}", f"o{found[0][1:]}"]:  # a tunnel's key is mostly one for both ways
        found[:2] = [found[0][1:]]
    return ", ".join(found)


def _values(old: Value, new: Value) -> str:
    if isinstance(old, tuple) and isinstance(new, tuple) and set(old) != set(new):
        added, gone = ([one for one in side if one not in other] for side, other in ((new, old), (old, new)))
        return " ".join([*(f"-{one}" for one in gone), *(f"+{one}" for one in added)])
    return f"{_value(old)} -> {_value(new)}"


def _value(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(value)
    return "none" if value is None else str(value)


def _statistics(host: HostDelta, style: Style) -> Iterator[str]:
    """A line for each kind, as `git diff --stat` has for each file."""
    counts: dict[str, Counter[Action]] = {}
    for entry in entries(host.delta):
        counts.setdefault(entry.kind.noun, Counter())[entry.action] += 1
    most = max(sum(one.values()) for one in counts.values())
    digits = len(str(most))
    for name, one in counts.items():
        bar = "".join(
            style.paint(SIGNS[action] * _scaled(one[action], most), COLORS[action]) for action in Action if one[action]
        )
        yield f"  {name:<{KIND_WIDTH}} | {sum(one.values()):>{digits}} {bar}"


def _scaled(count: int, most: int) -> int:
    """Each kind of change is seen, however small its part is."""
    return count if most <= BAR else max(1, count * BAR // most)


def _interruptions(host: HostDelta, style: Style) -> Iterator[str]:
    devices = host.delta.interrupted
    if devices:
        taken = _taken(host.taken)
        rest = f", and with {_them(devices)} {taken}" if taken else ""
        yield ""
        again = f"! {_and(devices)} {'is' if len(devices) == 1 else 'are'} deleted and created again"
        yield f"  {style.paint(again, LOUD)}{rest}"


def _taken(taken: Taken) -> str:
    counted = (
        (taken.addresses, "address"),
        (taken.routes, "route"),
        (taken.neighbors, "neighbour"),
        (taken.filters, "tc filter"),
    )
    parts = [f"device {name}" for name in taken.upper]
    parts += [f"{count} {_plural(name, count)}" for count, name in counted if count]
    parts += [f"the membership of {_and(taken.members)}"] if taken.members else []
    return _and(parts)


def _sum(compared: ComparedStates, style: Style) -> Iterator[str]:
    """The last line; with nothing to count the lines of the hosts say all."""
    if not compared.hosts and compared.is_empty:
        yield "neither file has a host"
    hosts = sum(bool(len(one.delta)) for one in compared.hosts)
    if not hosts:
        return
    counts = Counter(entry.action for entry in chain.from_iterable(entries(one.delta) for one in compared.hosts))
    parts = [
        style.paint(f"{counts[action]} {DONE[action]}", COLORS[action] if counts[action] else DIM) for action in Action
    ]
    devices = sum(len(one.delta.interrupted) for one in compared.hosts)
    again = f"; {devices} {_plural('device', devices)} deleted and created again" if devices else ""
    yield f"{'' if hosts == 1 else f'{hosts} hosts: '}{', '.join(parts)}{again}"


def _painted(style: Style, action: Action, text: str, *, bold: bool = False) -> str:
    return style.paint(f"{SIGNS[action]} {text}", ("1;" if bold else "") + COLORS[action])


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - len(ELLIPSIS)].rstrip() + ELLIPSIS


def _them(names: Sequence[str]) -> str:
    return "it" if len(names) == 1 else "them"


def _plural(name: str, count: int) -> str:
    return name if count == 1 else f"{name}es" if name.endswith("s") else f"{name}s"


def _and(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
