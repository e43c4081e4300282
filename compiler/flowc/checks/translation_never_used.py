"""Source translation for what never gets to it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from flowc.checks.base import NetworkCheck
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.addresses import WIDTH, AddressSet, Family, Range, intersect, subtract
from flowc.ir.nat import Nat
from flowc.ir.network import Host, Network
from flowc.ir.sources import PossibleSources
from flowc.source import Span

CODE = register(
    "FC317",
    "translation-never-used",
    Severity.WARNING,
    "A `snat` or `masquerade` translates nothing. Of what leaves to a zone, an EIP's owner leaves as its EIP; then the "
    "first `snat` for a source counts, then the first `masquerade`. All sources of this rule are taken before it, or its "
    "zone has none of them: a nat block never translates what another zone sends.",
)


class _Rule(NamedTuple):
    what: str
    source: AddressSet
    families: tuple[Family, ...]
    span: Span

    def ranges(self, family: Family) -> tuple[Range, ...]:
        """The sources that it means, in the family."""
        if family not in self.families:
            return ()
        found = self.source.ranges(family)
        return subtract([Range(0, (1 << WIDTH[family]) - 1)], found) if self.source.negated else found


class _Owners:
    """What leaves as an EIP, by outside zone, VRF and family."""

    def __init__(self, host: Host) -> None:
        self._singles: dict[tuple[str, str | None, Family], list[int]] = {}
        columns = map(host.eips.column, ("zone", "vrf", "family", "target"))
        for zone, vrf, family, target in zip(*columns, strict=True):
            self._singles.setdefault((zone, vrf, family), []).append(target)
        for found in self._singles.values():
            found.sort()
        self._prefixes: dict[tuple[str, str | None, Family], list[Range]] = {}
        for row in host.prefix_eips:
            self._prefixes.setdefault((row.zone, row.vrf, row.family), []).append(row.target_prefix.range)

    def have_all(self, zone: str, vrf: str | None, family: Family, sources: tuple[Range, ...]) -> bool:
        """True if each of these addresses has an EIP. No address has two."""
        singles = self._singles.get((zone, vrf, family), [])
        rest = subtract(sources, self._prefixes.get((zone, vrf, family), ()))
        return all(bisect_right(singles, high) - bisect_left(singles, low) == high - low + 1 for low, high in rest)


class _Why(NamedTuple):
    message: str
    label: str
    related: list[tuple[Span, str]]
    help: str


def run(network: Network, diagnostics: Diagnostics) -> None:
    """Report each such rule with what is before it; one of all hosts, only if none of them ever uses it."""
    found: dict[Span, tuple[_Rule, _Why | None]] = {}
    for host in network.hosts:
        for rule, why in _judged(host):
            if why is None or rule.span not in found:
                found[rule.span] = rule, why
    for rule, why in found.values():
        if why:
            diagnostics.report(CODE, why.message, rule.span, why.label, related=why.related, help=why.help)


def _judged(host: Host) -> Iterator[tuple[_Rule, _Why | None]]:
    """The rules of a host, each with why it is never used there."""
    owners = _Owners(host) if host.nats else None
    sources = PossibleSources(host)
    for nat in host.nats:
        before: list[_Rule] = []
        for rule in _rules(nat):
            why = _foreign(rule, nat, host, sources) or _covered(rule, before)
            if why is None and owners:
                why = _owned(rule, before, nat, host, owners)
            if why is None:
                before.append(rule)
            yield rule, why


def _foreign(rule: _Rule, nat: Nat, host: Host, sources: PossibleSources) -> _Why | None:
    """The zone has none of the sources."""
    zone = host.zones[nat.source]
    if not zone.members or any(intersect(rule.ranges(f), sources.of(zone.name, f)) for f in rule.families):
        return None
    message = f"zone `{zone.name}` has none of the sources of this `{rule.what}`"
    return _Why(
        message,
        "what another zone sends is not translated here",
        [(zone.span, "the zone")],
        "name sources of the zone, or remove it",
    )


def _covered(rule: _Rule, before: list[_Rule]) -> _Why | None:
    """Rules before it have all of them."""
    if any(_rest(rule, before, family) for family in rule.families):
        return None
    overlapping = (one for one in before if any(intersect(rule.ranges(f), one.ranges(f)) for f in rule.families))
    message = f"all sources of this `{rule.what}` are translated before it"
    related = [(one.span, "by this one") for one in overlapping]
    return _Why(message, "the first rule counts", related, "remove it, or put it first")


def _owned(rule: _Rule, before: list[_Rule], nat: Nat, host: Host, owners: _Owners) -> _Why | None:
    """Each that is left of them has an EIP at the zone, in whichever VRF it is."""
    vrfs = {host.interfaces[name].vrf for name in host.zones[nat.source].interfaces}
    rest = {family: _rest(rule, before, family) for family in rule.families}
    if not vrfs or not all(owners.have_all(nat.target, vrf, f, left) for vrf in vrfs for f, left in rest.items()):
        return None
    message = f"all sources of this `{rule.what}` leave as their EIPs"
    if any(rest[family] != rule.ranges(family) for family in rule.families):
        message = f"the sources of this `{rule.what}` leave as their EIPs, or are translated before it"
    return _Why(message, "an EIP goes first", [(host.zones[nat.target].span, "towards this zone")], "remove it")


def _rest(rule: _Rule, before: list[_Rule], family: Family) -> tuple[Range, ...]:
    """The sources that no rule before it has."""
    return subtract(rule.ranges(family), (one for other in before for one in other.ranges(family)))


def _rules(nat: Nat) -> Iterator[_Rule]:
    """In the order in which they count. A `masquerade` of everything is for what is left, whether or not anything is."""
    for snat in nat.snats:
        yield _Rule("snat", snat.source, (snat.family,), snat.span)
    for rule in nat.masquerades:
        if rule.source is not None:
            yield _Rule("masquerade", rule.source, rule.source.families, rule.span)


_HOST = """
interface lan { device eth1; address 10.0.0.1/24 }
interface wan { device eth0; address 192.0.2.1/24 }
zone inside { interface lan }
zone outside { interface wan }
policy inside -> outside { accept }
policy inside -> self { accept tcp 22 }
"""

CHECK = NetworkCheck(
    CODE,
    run,
    bad=_HOST
    + """nat inside -> outside {
    snat 10.0.0.0/24 -> 203.0.113.5
    snat 10.0.0.80 -> 203.0.113.6
}
""",
    good=_HOST
    + """nat inside -> outside {
    snat 10.0.0.80 -> 203.0.113.6
    snat 10.0.0.0/24 -> 203.0.113.5
}
""",
)
