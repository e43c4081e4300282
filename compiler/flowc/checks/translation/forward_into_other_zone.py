"""Port forwards whose target is not in the zone that their `nat` block names."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import NamedTuple

from flowc.analysis.everywhere import everywhere
from flowc.analysis.zones import Zones
from flowc.checks.base import NetworkCheck
from flowc.checks.few import MOST
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.addresses import format_address
from flowc.ir.network import Host, Network
from flowc.ir.policy import SELF
from flowc.ir.rows import ForwardRow

CODE = register(
    "FC326",
    "forward-into-other-zone",
    Severity.WARNING,
    "A port forward stands in a `nat A -> B` block, or its row says `to` B, and its target is in another zone. It is "
    "translated all the same, and judged by the policy to the zone that the target is really in.",
)


class _Finding(NamedTuple):
    row: ForwardRow
    zones: tuple[str, ...]


def run(network: Network, diagnostics: Diagnostics) -> None:
    """Report each such row, or the first of many with the same zones."""
    causes: dict[Hashable, list[_Finding]] = {}
    for one in everywhere(network, _look):
        causes.setdefault((one.row.zone, one.row.inside, one.zones), []).append(one)
    for alike in causes.values():
        for row, zones in alike if len(alike) <= MOST else alike[:1]:
            diagnostics.report(
                CODE,
                f"`{format_address(row.family, row.target)}` is in zone {' or '.join(f'`{name}`' for name in zones)}, "
                f"not in zone `{row.inside}`",
                row.span,
                notes=[f"the same goes for {len(alike) - 1} more port forwards"] if len(alike) > MOST else [],
                help=f"policy {row.zone} -> {zones[0]} judges it: write it into `nat {row.zone} -> {zones[0]}`",
            )


def _look(host: Host) -> Iterator[tuple[Hashable, _Finding | None]]:
    zones = host.derived(Zones)
    columns = ("span", "vrf", "family", "target", "inside")
    for index, (span, vrf, family, target, inside) in enumerate(zip(*map(host.forwards.column, columns), strict=True)):
        found = zones.holding(vrf, family, target)
        elsewhere = found and inside not in found and SELF not in found
        yield span, _Finding(host.forwards[index], tuple(sorted(found))) if elsewhere else None


_HOST = """
interface lan { device eth1; address 10.0.0.1/24 }
interface dmz { device eth2; address 10.0.9.1/24 }
interface wan { device eth0; address 192.0.2.1/24 }
endpoint web { address 10.0.9.80; interface dmz }
route default via 192.0.2.254
zone inside { interface lan }
zone servers { interface dmz }
zone internet { interface wan }
policy inside -> self { accept tcp 22 }
policy internet -> servers { accept tcp 80 to web }
"""

CHECK = NetworkCheck(
    CODE,
    run,
    bad=_HOST + "nat internet -> inside { dnat tcp 192.0.2.1:8080 -> web:80 }\n",
    good=_HOST + "nat internet -> servers { dnat tcp 192.0.2.1:8080 -> web:80 }\n",
)
