"""What nft lists of a table: its blocks, and in its chains the rules, one a line with its handle."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from flowc.backends.nft.listed import FLOWTABLE
from flowc.hoststate.nft import Flowtable
from flowc.hoststate.rules import CtHelper, Meter
from flowc.hoststate.ruleset import Chain, ChainRule
from flowc.hoststate.sets import NftSet
from flowc.source import NOWHERE

_BLOCK = re.compile(r"\t(set|map|flowtable|ct helper|chain|\S[^{]*?) (\S+) \{(?: # handle \d+)?")
_HANDLE = re.compile(r"(.*) # handle (\d+)", re.DOTALL)
_COMMENT = re.compile(r'(.*?) comment "[^"]*"', re.DOTALL)
_HOOK = re.compile(r"type (\S+) hook (\S+)(?: devices?(?: =)? (\{[^}]*\}|\S+))? priority ([^;]+);(?: policy (\w+);)?")
_PRIORITY = re.compile(r"(-?\w+)(?: ?([+-]) ?(\d+))?")
_UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1, "ms": 0}
_PRIORITIES = {"raw": -300, "mangle": -150, "dstnat": -100, "filter": 0, "security": 50, "srcnat": 100}
"""nft(8), standard priorities of all families but bridge."""
_PROTOCOLS = {"6": "tcp", "17": "udp"}
_WORDS = {"integer": "ct zone", "ipv4_addr": "ip daddr", "ipv6_addr": "ip6 daddr", "mark": "meta mark"}
"""nft keeps no expression for maps to prefixes, only types. These have the same, and are of those in lowering's keys."""
_SOURCE = re.compile(r"\b(ip6?) saddr\b")


@dataclass(frozen=True, slots=True)
class Listing:
    """Sets without elements."""

    flowtable: Flowtable | None
    sets: tuple[NftSet, ...]
    meters: tuple[Meter, ...]
    helpers: tuple[CtHelper, ...]
    chains: tuple[Chain, ...]


def parsed(text: str) -> Listing:
    """What `nft -n -s -t -a list table` printed."""
    flowtable: Flowtable | None = None
    sets: list[NftSet] = []
    meters: list[Meter] = []
    helpers: list[CtHelper] = []
    chains: list[Chain] = []
    for kind, name, lines in _blocks(text):
        if kind == "chain":
            chains.append(_chain(name, lines))
            continue
        have = {word: rest for word, _, rest in (line.partition(" ") for line in lines)}
        if kind == "flowtable" and name == FLOWTABLE:
            hardware = "offload" in have.get("flags", "")
            flowtable = Flowtable(devices(have.get("devices", "")), (), hardware, NOWHERE, "counter" in have)
        elif kind == "ct helper":
            words = have["type"].split()
            helpers.append(CtHelper(name, words[0].strip('"'), _PROTOCOLS.get(words[-1], words[-1]), NOWHERE))
        elif kind in ("set", "map") and "dynamic" in have.get("flags", ""):
            timeout = _seconds(have["timeout"]) if "timeout" in have else None
            meters.append(Meter(name, have.get("typeof", have.get("type", "")), int(have["size"]), timeout, NOWHERE))
        elif kind in ("set", "map"):
            sets.append(_set(kind, name, have))
    return Listing(flowtable, tuple(sets), tuple(meters), tuple(helpers), tuple(chains))


def devices(text: str) -> tuple[str, ...]:
    """Of `= { "a", "b" }`, `{ a, b }` or `a`, sorted."""
    inner = text.strip().removeprefix("=").strip().removeprefix("{").removesuffix("}").strip()
    return tuple(sorted(name.strip('"') for name in inner.split(", ") if name))


def hook(text: str, present: Collection[str] | None = None) -> str:
    """A base chain's first line in one form: numbers for priorities, devices quoted and sorted."""
    found = _HOOK.fullmatch(text)
    if found is None:
        return text
    kind, place, on, priority, policy = found.groups()
    names = [name for name in devices(on or "") if present is None or name in present]
    at = f" devices = {{ {', '.join(f'{chr(34)}{name}{chr(34)}' for name in names)} }}" if names else ""
    return f"type {kind} hook {place}{at} priority {_priority(priority)}; policy {policy or 'accept'};"


def shape(name: str, key: str, value: str | None, *, interval: bool) -> NftSet:
    """An empty set, its key and value in one form."""
    if value is not None and value.startswith("interval "):
        key, value = (_SOURCE.sub(r"\1 daddr", text) for text in (key, value))
    return NftSet(name, key, value, interval)


def _set(kind: str, name: str, have: Mapping[str, str]) -> NftSet:
    key, _, value = have.get("typeof", "").partition(" : ")
    if "typeof" not in have:
        key, _, value = (_typed(side) for side in have.get("type", "").partition(" : "))
    return shape(name, key, value if kind == "map" else None, interval="interval" in have.get("flags", ""))


def _typed(text: str) -> str:
    interval = "interval " if text.startswith("interval ") else ""
    return interval + " . ".join(_WORDS.get(part, part) for part in text.removeprefix(interval).split(" . "))


def _chain(name: str, lines: Iterable[str]) -> Chain:
    base: str | None = None
    rules: list[ChainRule] = []
    written = ""
    for line in lines:
        if not (rules or written) and base is None and _HOOK.fullmatch(line):
            base = hook(line)
            continue
        written = f"{written}\n{line}" if written else line  # a comment may hold line ends
        if (found := _HANDLE.fullmatch(written)) is None:
            continue
        rules.append(ChainRule(name, len(rules), without_comment(found[1]), NOWHERE, int(found[2]), found[1]))
        written = ""
    return Chain(name, base, tuple(rules), NOWHERE)


def without_comment(rule: str) -> str:
    """Where a rule comes from is no difference."""
    found = _COMMENT.fullmatch(rule)
    return rule if found is None else found[1]


def _blocks(text: str) -> Iterator[tuple[str, str, list[str]]]:
    lines = iter(text.splitlines())
    for line in lines:
        if (found := _BLOCK.fullmatch(line)) is None:
            continue
        inner: list[str] = []
        for each in lines:
            if each == "\t}":
                break
            inner.append(each.strip())
        yield found[1], found[2], [one for one in inner if one]


def _priority(text: str) -> int:
    found = _PRIORITY.fullmatch(text.strip())
    if found is None:
        return 0
    base = _PRIORITIES[found[1]] if found[1] in _PRIORITIES else int(found[1])
    return base + int(f"{found[2] or '+'}{found[3] or 0}")


def _seconds(text: str) -> int:
    """`1m30s`, or with -n `90s`."""
    return sum(int(count) * _UNITS[unit] for count, unit in re.findall(r"(\d+)(ms|[dhms])", text))
