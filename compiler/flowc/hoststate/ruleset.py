"""The nft table as the kernel holds it: objects by name, and chains of rules, each rule as nft lists it.

`NftTable` says what a table is made of, this says what is in it: the same whether it is generated or read back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from flowc.hoststate.nft import Flowtable
from flowc.hoststate.rules import CtHelper, Meter
from flowc.hoststate.sets import NftSet
from flowc.source import Span


class ChainRule(NamedTuple):
    """A rule, by its chain and its place in it: rules have no names."""

    chain: str
    position: int
    """From 0."""
    text: str
    span: Span | None
    handle: int | None = None
    """The kernel's number of a rule that was read."""
    written: str | None = None
    """What to load for it, with the comment that tells its place; None: the text."""


@dataclass(frozen=True, slots=True)
class Chain:
    name: str
    hook: str | None
    """A base chain's `type ... hook ... priority ...; policy ...;`."""
    rules: tuple[ChainRule, ...]
    span: Span | None = field(compare=False)


@dataclass(frozen=True, slots=True)
class Ruleset:
    """All of a table."""

    flowtable: Flowtable | None
    sets: tuple[NftSet, ...]
    """Those that have elements: others are not there."""
    meters: tuple[Meter, ...]
    helpers: tuple[CtHelper, ...]
    chains: tuple[Chain, ...]


NO_TABLE = Ruleset(flowtable=None, sets=(), meters=(), helpers=(), chains=())
"""There is none of flowc's name."""
