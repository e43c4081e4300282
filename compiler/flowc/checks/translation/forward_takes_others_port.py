"""Port forwards of ports that are meant for the machine that has the address."""

from __future__ import annotations

from collections.abc import Iterator

from flowc.checks.base import Check
from flowc.checks.few import first_few
from flowc.checks.translation.taken_ports import Meaning, Owner, taken_ports
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.addresses import format_address
from flowc.ir.network import Host
from flowc.ir.rows import ForwardRow
from flowc.source import Span

CODE = register(
    "FC328",
    "forward-takes-others-port",
    Severity.WARNING,
    "A port is forwarded on an address that is another machine's, and is meant for that one: the address is the EIP of "
    "another VRF, or a policy admits the port to its machine. A port forward goes first, so the machine is not reached there. "
    "A forward of a port that no rule admits to the machine by name is `forward-on-eip`.",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report the forwards of the first few addresses."""
    for (row, owner, said), notes in first_few(_findings(host)):
        ports = f"{row.protocol} port {row.low}" + (f"-{row.high}" if row.high > row.low else "")
        related = [
            (
                owner.span,
                "whose the address is" + (f", in vrf `{owner.vrf}`" if row.vrf != owner.vrf and owner.vrf else ""),
            )
        ]
        if said is not owner.span:
            related.append((said, "the port is admitted to that machine here"))
        address, machine = format_address(row.family, row.public), format_address(row.family, owner.target)
        diagnostics.report(
            CODE,
            f"{ports} of `{address}` is taken from `{machine}`, which has the address",
            row.span,
            "the forward goes first",
            related=related,
            notes=notes,
            help="forward a port of another address",
        )


def _findings(host: Host) -> Iterator[tuple[ForwardRow, Owner, Span]]:
    meaning = Meaning(host)
    for row, owner in taken_ports(host):
        said = meaning.says(row, owner)
        if said:
            yield row, owner, said


_HOST = """
interface lan { device eth1; address 10.0.0.1/24 }
interface wan { device eth0; address 192.0.2.1/24 }
route default via 192.0.2.254
endpoint web { address 10.0.0.80; interface lan }
endpoint mail { address 10.0.0.25; interface lan }
zone inside { interface lan }
zone outside { interface wan }
pool public 203.0.113.0/24 at outside
policy inside -> outside { accept }
policy inside -> self { accept tcp 22 }
policy outside -> inside {
    accept tcp 443 to web
    accept tcp 8443 to mail
}
eip 203.0.113.80 <-> web
"""

CHECK = Check(
    CODE,
    run,
    bad=_HOST + "nat outside -> inside { dnat tcp 203.0.113.80:443 -> mail:8443 }\n",
    good=_HOST + "nat outside -> inside { dnat tcp 203.0.113.25:443 -> mail:8443 }\n",
)
