"""The text that makes one table of another, for one `nft -f -`: the kernel takes all of it at once, or nothing.

Rules refer to chains, sets and the rest, and elements to chains. So what goes begins with rules and ends with chains, and
what comes begins with chains and ends with rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from typing import Any

from flowc.backends.nft.listed import FLOWTABLE
from flowc.backends.nft.live.loading import EVERY_HOST, TABLE
from flowc.backends.nft.text import Text
from flowc.backends.script import where
from flowc.delta import Changes, Delta
from flowc.delta.sets import Element
from flowc.hoststate.nft import Flowtable
from flowc.hoststate.ruleset import Chain, ChainRule, Ruleset
from flowc.hoststate.sets import NftSet
from flowc.source import NOWHERE, Span

_PLAIN = Text(provenance=False)
_TABLE = f"inet {TABLE}"


def transaction(delta: Delta, before: Ruleset, after: Ruleset, whole: Callable[[], str]) -> str:
    """The smallest one; empty where nothing changes. `whole` is asked for the text that makes `after` of anything.

    It is taken where the kernel cannot change an object that others refer to. Connections survive that: it is conntrack
    that remembers how they are translated.
    """
    changed: tuple[Changes[Any], ...] = (delta.flowtables, delta.helpers, delta.meters, delta.sets)
    if not any(map(len, (*changed, delta.elements, delta.chains, delta.chain_rules))):
        return ""
    if _is_empty(after):
        return f"delete table {_TABLE}\n"
    recreated = any(one.recreated for changes in changed for one in changes.changed)
    if _is_empty(before) or recreated or _has_lost_types(delta, before):
        return whole()
    return "".join(f"{line}\n" for line in _without_doubles(_lines(delta, before, after)))


def _has_lost_types(delta: Delta, before: Ruleset) -> bool:
    """An element changes of a map from VRFs to prefixes that stays. nft 1.0.6 loses what the key of such a map is of, and takes
    no element any more: "Value 1000 exceeds valid range 0-0".
    """
    going = {one.name for one in delta.sets.deleted}
    lost = {
        one.name
        for one in before.sets
        if one.key.startswith("ct zone") and one.value is not None and one.value.startswith("interval ")
    }
    changed = (*delta.elements.created, *delta.elements.deleted, *(one.new for one in delta.elements.changed))
    return any(one.set in lost - going for one in changed)


def _without_doubles(lines: Iterable[str]) -> Iterator[str]:
    """One comment stands for all below it up to the next."""
    last = ""
    for line in lines:
        if not line.startswith("#"):
            yield line
        elif line != last:
            last = line
            yield line


def restoring(ruleset: Ruleset) -> str:
    """The text that makes the table what was read, whatever it is by then."""
    parts = [f"add table {_TABLE}", f"delete table {_TABLE}"]
    if _is_empty(ruleset):
        return "".join(f"{part}\n" for part in parts)
    parts += ["", f"table {_TABLE} {{"]
    if ruleset.flowtable is not None:
        parts.append(f"    flowtable {_body(ruleset.flowtable)}")
    parts += (_PLAIN.declared([one]) if one else _declaration(one) for one in ruleset.sets)
    parts += (_PLAIN.meter(one) for one in ruleset.meters)
    parts += (f'    ct helper {one.name} {{ type "{one.type}" protocol {one.protocol}; }}' for one in ruleset.helpers)
    for chain in ruleset.chains:
        parts += [f"    chain {chain.name} {{", *([f"        {chain.hook}"] if chain.hook else [])]
        parts += (f"        {_written(rule)}" for rule in chain.rules)
        parts.append("    }")
    return "".join(f"{part}\n" for part in [*parts, "}"])


def _is_empty(ruleset: Ruleset) -> bool:
    return not (ruleset.flowtable or ruleset.sets or ruleset.meters or ruleset.helpers or ruleset.chains)


def _lines(delta: Delta, before: Ruleset, after: Ruleset) -> Iterator[str]:
    anew = {one.new.name for one in delta.chains.changed}
    going = {one.name for one in delta.sets.deleted}
    gone = {(one.chain, one.position) for one in delta.chain_rules.deleted}
    yield EVERY_HOST
    yield from (f"delete rule {_TABLE} {rule.chain} handle {rule.handle}" for rule in delta.chain_rules.deleted)
    yield from (f"delete {_kind(one)} {_TABLE} {one.name}" for one in delta.sets.deleted)
    old = [
        *(one for one in delta.elements.deleted if one.set not in going),
        *(one.old for one in delta.elements.changed),
    ]
    yield from _elements("delete", old, {one.name: one for one in before.sets})
    yield from (f"delete chain {_TABLE} {name}" for name in sorted(anew))
    # nft 1.0.6 sends the elements of a new set along with it: chains that they name stand before the set.
    made = {one.name for one in delta.chains.created} | anew
    yield from (_chain(one) for one in after.chains if one.name in made)
    yield from _flowtables(delta)
    yield from (_empty(one) for one in delta.sets.created)
    for meter in delta.meters.created:
        body = "".join(f" {line};" for line in _PLAIN.meter(meter).splitlines()[1:-1])
        yield from (*_at(meter.span), f"add set {_TABLE} {meter.name} {{{body} }}")
    for helper in delta.helpers.created:
        body = f'type "{helper.type}" protocol {helper.protocol};'
        yield from (*_at(helper.span), f"add ct helper {_TABLE} {helper.name} {{ {body} }}")
    yield EVERY_HOST
    new = [*delta.elements.created, *(one.new for one in delta.elements.changed)]
    yield from _elements("add", new, {one.name: one for one in after.sets})
    kept = {
        chain.name: [rule for rule in chain.rules if (chain.name, rule.position) not in gone] for chain in before.chains
    }
    for chain in after.chains:
        yield from _rules(delta, chain, [] if chain.name in anew else kept.get(chain.name, []))
    yield EVERY_HOST
    yield from (f"delete chain {_TABLE} {one.name}" for one in delta.chains.deleted)
    yield from (f"delete set {_TABLE} {one.name}" for one in delta.meters.deleted)
    yield from (f"delete ct helper {_TABLE} {one.name}" for one in delta.helpers.deleted)
    yield from (f"delete flowtable {_TABLE} {FLOWTABLE}" for _ in delta.flowtables.deleted)


def _flowtables(delta: Delta) -> Iterator[str]:
    """Devices and flags are changed in place. Who adds devices says all flags, or they are taken away
    (`nft_flowtable_update`).
    """
    for one in delta.flowtables.created:
        yield from (*_at(one.span), f"add flowtable {_TABLE} {_body(one)}")
    for change in delta.flowtables.changed:
        old, new = change.old, change.new
        yield from _at(new.span)
        if gone := [device for device in old.devices if device not in new.devices]:
            yield f"delete flowtable {_TABLE} {FLOWTABLE} {{ hook ingress priority 0;{_devices(gone)} }}"
        come = tuple(device for device in new.devices if device not in old.devices)
        if come or old.counter != new.counter:
            yield f"add flowtable {_TABLE} {_body(replace(new, devices=come))}"


def _body(one: Flowtable) -> str:
    flags = f"{' counter;' if one.counter else ''}{' flags offload;' if one.hardware else ''}"
    return f"{FLOWTABLE} {{ hook ingress priority 0;{_devices(one.devices)}{flags} }}"


def _devices(devices: Iterable[str]) -> str:
    text = _PLAIN.quoted(devices)
    return f" devices = {{ {text} }};" if text else ""


def _elements(verb: str, elements: Iterable[Element], sets: dict[str, NftSet]) -> Iterator[str]:
    """One command for each set, one line for each element, with its place."""
    for name, some in groupby(sorted(elements, key=lambda one: one.set), key=lambda one: one.set):
        is_map = verb == "add" and sets[name].value is not None
        yield f"{verb} element {_TABLE} {name} {{"
        for one in some:
            at = "" if one.span is NOWHERE else f"  # {where(one.span)}"
            yield f"    {one.key}{f' : {one.value}' if is_map else ''},{at}"
        yield "}"


def _rules(delta: Delta, chain: Chain, kept: list[ChainRule]) -> Iterator[str]:
    """Each new rule before the next one that stays: handles are the kernel's numbers of those."""
    created = {one.position for one in delta.chain_rules.created if one.chain == chain.name}
    if not created:
        return
    staying = iter(kept)
    waiting: list[ChainRule] = []
    for rule in chain.rules:
        if rule.position in created:
            waiting.append(rule)
            continue
        handle = next(staying).handle
        yield from _put(f"insert rule {_TABLE} {chain.name} handle {handle}", waiting)
        waiting = []
    yield from _put(f"add rule {_TABLE} {chain.name}", waiting)


def _put(command: str, rules: Iterable[ChainRule]) -> Iterator[str]:
    for rule in rules:
        yield from (*_at(rule.span), f"{command} {_written(rule)}")


def _at(span: Span | None) -> list[str]:
    return [EVERY_HOST if span is None or span is NOWHERE else f"# {where(span)}"]


def _written(rule: ChainRule) -> str:
    return rule.text if rule.written is None else rule.written


def _kind(one: NftSet) -> str:
    return "set" if one.value is None else "map"


def _empty(one: NftSet) -> str:
    kind = one.key if one.value is None else f"{one.key} : {one.value}"
    return f"add {_kind(one)} {_TABLE} {one.name} {{ typeof {kind};{' flags interval;' if one.interval else ''} }}"


def _declaration(one: NftSet) -> str:
    return _empty(one).replace(f"add {_kind(one)} {_TABLE} ", f"    {_kind(one)} ", 1)


def _chain(one: Chain) -> str:
    return f"add chain {_TABLE} {one.name}{f' {{ {one.hook} }}' if one.hook else ''}"
