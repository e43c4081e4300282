"""Port forwards on addresses that belong to a machine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from flowc.checks.base import Check
from flowc.checks.few import first_few
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.addresses import Family, format_address
from flowc.ir.network import Host
from flowc.ir.prefixes import PrefixMap
from flowc.ir.rows import ForwardRow, PrefixEipRow
from flowc.source import Span

CODE = register(
    "FC321",
    "forward-on-eip",
    Severity.NOTE,
    "A port is forwarded on an address that is an EIP, or that is forwarded whole. A port forward goes first: the machine "
    "that has the address is not reached on this port. A forward to the same machine and port does nothing.",
)


class _Owner(NamedTuple):
    target: int
    vrf: str | None
    span: Span


class _Owners:
    """Who has a public address as a whole; asked only for those with forwarded ports."""

    def __init__(self, host: Host, asked: set[tuple[Family, int]]) -> None:
        self._found: dict[tuple[Family, int], _Owner] = {}
        columns = map(host.eips.column, ("family", "public", "target", "vrf", "span"))
        for family, public, target, vrf, span in zip(*columns, strict=True):
            if (family, public) in asked:
                self._found[family, public] = _Owner(target, vrf, span)
        for at, protocol in enumerate(host.forwards.column("protocol")):
            if protocol is None:
                row = host.forwards[at]
                self._found[row.family, row.public] = _Owner(row.target, row.vrf, row.span)
        self._prefixes: PrefixMap[PrefixEipRow] = PrefixMap((row.public_prefix, row) for row in host.prefix_eips)

    def of(self, family: Family, public: int) -> _Owner | None:
        found = self._found.get((family, public))
        row = None if found else self._prefixes.find(family, public)
        return _Owner(row.target + public - row.public, row.vrf, row.span) if row else found


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report the forwards of the first few addresses."""
    for (row, owner), notes in first_few(_findings(host)):
        ports = f"{row.protocol} port {row.low}" + (f"-{row.high}" if row.high > row.low else "")
        same = (row.vrf, row.target, row.target_low) == (owner.vrf, owner.target, row.low)
        address, target = format_address(row.family, row.public), format_address(row.family, owner.target)
        diagnostics.report(
            CODE,
            f"{ports} of `{address}` is forwarded to the machine that has the address"
            if same
            else f"{ports} of `{address}` does not lead to `{target}`, which has the address",
            row.span,
            "this does nothing" if same else "the forward goes first",
            related=[(owner.span, "whose the address is")],
            notes=notes,
            help="remove it" if same else None,
        )


def _findings(host: Host) -> Iterator[tuple[ForwardRow, _Owner]]:
    columns = list(zip(*map(host.forwards.column, ("family", "public", "protocol")), strict=True))
    asked = {(family, public) for family, public, protocol in columns if protocol is not None}
    owners = _Owners(host, asked) if asked else None
    for at, (family, public, protocol) in enumerate(columns if owners else ()):
        owner = owners.of(family, public) if owners and protocol is not None else None
        if owner:
            yield host.forwards[at], owner


_HOST = """
interface lan { device eth1; address 10.0.0.1/24 }
interface wan { device eth0; address 192.0.2.1/24 }
endpoint web { address 10.0.0.80; interface lan }
endpoint mail { address 10.0.0.25; interface lan }
zone inside { interface lan }
zone outside { interface wan }
pool public 203.0.113.0/24 at outside
policy inside -> outside { accept }
policy inside -> self { accept tcp 22 }
policy outside -> inside { accept tcp {25, 443} }
eip 203.0.113.80 <-> web
"""

CHECK = Check(
    CODE,
    run,
    bad=_HOST + "nat outside -> inside { dnat tcp 203.0.113.80:25 -> mail }\n",
    good=_HOST + "nat outside -> inside { dnat tcp 203.0.113.25:25 -> mail }\n",
)
