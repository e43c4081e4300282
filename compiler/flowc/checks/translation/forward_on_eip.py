"""Port forwards on addresses that belong to a machine."""

from __future__ import annotations

from collections.abc import Iterator

from flowc.checks.base import Check
from flowc.checks.few import first_few
from flowc.checks.translation.taken_ports import Meaning, Owner, taken_ports
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.addresses import format_address
from flowc.ir.network import Host
from flowc.ir.rows import ForwardRow

CODE = register(
    "FC321",
    "forward-on-eip",
    Severity.NOTE,
    "A port is forwarded on an address that is an EIP, or that is forwarded whole. A port forward goes first: the machine "
    "that has the address is not reached on this port. A forward to the same machine and port does nothing. Where the port is "
    "meant for that machine, it is `forward-takes-others-port`.",
)


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


def _findings(host: Host) -> Iterator[tuple[ForwardRow, Owner]]:
    meaning = Meaning(host)
    return (found for found in taken_ports(host) if not meaning.says(*found))


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
