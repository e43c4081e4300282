"""Who is to carry the packets of a machine, as the file says it: its EIP, a policy of its zone, or the host."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from flowc.ir.datapath.reasons import Stay
from flowc.ir.fastpath import FastPath
from flowc.ir.network import Datapath, Host
from flowc.source import Span


class Wish(NamedTuple):
    datapath: Datapath
    span: Span | None
    """Where it is said; None for what goes without saying."""
    stay: Stay
    """The reason why nft has it, if that is the wish."""


@dataclass(frozen=True)
class Wishes:
    host: Host

    @property
    def of_host(self) -> Wish:
        return Wish(self.host.datapath, self.host.datapath_span, Stay.DECLARED)

    def of_zones(self, zones: Iterable[str]) -> Wish:
        """What policies want that offload flows of these zones, else the host. One that wants nft has its way."""
        found = [self._by_zone[zone] for zone in zones if zone in self._by_zone]
        return min(found, key=_nft_first, default=self.of_host)

    @cached_property
    def _by_zone(self) -> Mapping[str, Wish]:
        found: dict[str, list[Wish]] = {}
        for source, target, policy in self.host.derived(FastPath).pairs:
            if policy.datapath is not None:
                wish = Wish(Datapath(policy.datapath), policy.span, Stay.POLICY)
                found.setdefault(source, []).append(wish)
                found.setdefault(target, []).append(wish)
        return {zone: min(wishes, key=_nft_first) for zone, wishes in found.items()}

    def said(self, *datapaths: str) -> Span | None:
        """The first EIP or policy that says one of these itself."""
        return next((span for span, datapath in self._said() if datapath in datapaths), None)

    def _said(self) -> Iterator[tuple[Span, str | None]]:
        for table in (self.host.eips, self.host.prefix_eips):
            yield from zip(table.column("span"), table.column("datapath"), strict=True)
        for policy in self.host.policies:
            yield policy.span, policy.datapath


def _nft_first(wish: Wish) -> bool:
    return wish.datapath is not Datapath.NFT
