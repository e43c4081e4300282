"""Addresses in rules and source translation that no packet between these zones can have."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from flowc.analysis.everywhere import everywhere
from flowc.analysis.zones import TO_MANY, Zones
from flowc.checks.base import NetworkCheck
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.addresses import FAMILIES, AddressSet, Family, Range, holds, meet
from flowc.ir.network import Host, Network
from flowc.ir.pairs import pairs_by_policy
from flowc.ir.policy import SELF
from flowc.source import Span

CODE = register(
    "FC211",
    "address-not-in-zone",
    Severity.WARNING,
    "A rule, `snat` or `masquerade` names only addresses that are not in the zone it is for: no prefix of the zone's "
    "interfaces and no route that leads out of them holds one, or another interface has them all. What comes in with such "
    "a source is dropped as spoofed, what goes to such a destination leaves elsewhere, and nothing ever matches. Rules see "
    "the addresses behind the translation of destinations, so that the public address of an EIP or port forward is none of "
    "the target's zone.",
)


class _Finding(NamedTuple):
    span: Span
    zones: tuple[str, ...]
    help: str


def run(network: Network, diagnostics: Diagnostics) -> None:
    """Report each operand that is of nobody on all hosts that have it."""
    spans = {name: zone.span for host in network.hosts for name, zone in host.zones.items()}
    for found in everywhere(network, _look):
        diagnostics.report(
            CODE,
            f"no address of zone {' or '.join(f'`{name}`' for name in found.zones)} is among these",
            found.span,
            related=[(spans[name], "the zone") for name in found.zones],
            help=found.help,
        )


def operands_of_nobody(network: Network) -> set[Span]:
    """Where the operands are that are reported: of their rules there is nothing else to say."""
    return {found.span for found in everywhere(network, _look)}


def _look(host: Host) -> Iterator[tuple[Span, _Finding | None]]:
    zones = host.derived(Zones)
    for policy, pairs in host.derived(pairs_by_policy):
        sources, targets = ({pair[end] for pair in pairs} for end in (0, 1))
        # Calls from inside to a public address are judged as if they came from there. They are never for the host.
        anyone = SELF in sources or (targets != {SELF} and not sources.isdisjoint(zones.called))
        for rule in policy.rules if pairs else ():
            if rule.source and rule.source_span:
                yield _operand(rule.source, rule.source_span, () if anyone else sources, zones, to=False)
            if rule.destination and rule.destination_span:
                yield _operand(
                    rule.destination, rule.destination_span, () if SELF in targets else targets, zones, to=True
                )
    for nat in host.nats:
        for source, span in (
            *((one.source, one.source_span) for one in nat.snats),
            *((one.source, one.source_span) for one in nat.masquerades),
        ):
            if source and span:
                yield _operand(source, span, {nat.source}, zones, to=False)


def _operand(
    operand: AddressSet, span: Span, names: Collection[str], zones: Zones, *, to: bool
) -> tuple[Span, _Finding | None]:
    """What is wrong with an operand, if none of its addresses can be in one of the zones. No zones are all of them."""
    known = sorted(name for name in names if any(zones.addresses(name, family) for family in FAMILIES))
    for family in operand.families:
        meant = operand.members(family)
        for name in known:
            if meet(meant, zones.addresses(name, family)) or (to and meet(meant, zones.public(name, family))):
                return span, None
        if to and meet(meant, TO_MANY[family]):
            return span, None
    return span, _Finding(span, tuple(known), _help(operand, zones, to=to)) if known else None


def _help(operand: AddressSet, zones: Zones, *, to: bool) -> str:
    def all_in(there: Callable[[Family], Sequence[Range]]) -> bool:
        return all(holds(there(family), operand.members(family)) for family in operand.families)

    if to and all_in(lambda family: zones.all_public[family]):
        return "rules see the translated address: write the target's, or `via eip` for whatever was translated"
    for name in sorted(zones.host.zones):
        if all_in(partial(zones.declared, name)):
            return f"they are in zone `{name}`"
    return "check the address, or declare the route that leads there"


_HOST = """
interface lan { device eth1; address 10.0.0.1/24 }
interface dmz { device eth2; address 10.0.9.1/24 }
interface wan { device eth0; address 192.0.2.1/24 }
route default via 192.0.2.254
zone inside { interface lan }
zone servers { interface dmz }
zone internet { interface wan }
policy inside -> self { accept tcp 22 }
"""

CHECK = NetworkCheck(
    CODE,
    run,
    bad=_HOST + "policy inside -> internet { accept from 10.0.9.0/24 }\n",
    good=_HOST + "policy servers -> internet { accept from 10.0.9.0/24 }\n",
)
