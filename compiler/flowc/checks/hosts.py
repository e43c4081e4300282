"""What several hosts of a file have in common: statements outside of their blocks, and addresses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from flowc.ir.addresses import Family, format_range
from flowc.ir.network import Host, Network
from flowc.source import Span


def is_its_alone(span: Span, host: Host, network: Network) -> bool:
    """What stands there is this host's and no other one's."""
    block = host.span
    in_block = block is not None and block.source is span.source and block.start <= span.start < block.end
    return in_block or len(network.hosts) == 1


class Claim(NamedTuple):
    """Addresses that a declaration of a host uses."""

    family: Family
    low: int
    high: int
    host: str
    span: Span

    def shared(self, other: Claim) -> str:
        """The addresses of both, as text."""
        return format_range(self.family, max(self.low, other.low), min(self.high, other.high))


def first_two_hosts(claims: Iterable[Claim]) -> Iterator[tuple[Claim, Claim]]:
    """Pairs of claims of different hosts that share addresses, the one of the later host first.

    What stands outside of the host blocks is every host's on purpose: it has one place, and is in no pair. Sorted by
    first address, a claim meets an earlier one of another host if it starts before that one's end; each is in one pair.
    """
    claims = list(claims)
    owners: dict[Span, str] = {}
    several = {one.span for one in claims if owners.setdefault(one.span, one.host) != one.host}
    hosts = list(dict.fromkeys(one.host for one in claims))
    farthest: dict[tuple[Family, str], Claim] = {}
    for claim in sorted((one for one in claims if one.span not in several), key=lambda one: (one[:3], one.host)):
        for other in (farthest.get((claim.family, host)) for host in hosts if host != claim.host):
            if other and claim.low <= other.high:
                first, second = sorted((claim, other), key=lambda one: hosts.index(one.host))
                yield second, first
                break
        key = (claim.family, claim.host)
        if key not in farthest or claim.high > farthest[key].high:
            farthest[key] = claim
