"""An EIP, or the forward of a whole address, takes the host's own address."""

from __future__ import annotations

from collections.abc import Iterator

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.addresses import Family, format_address
from flowc.ir.network import Host
from flowc.ir.public import public_ranges
from flowc.source import Span

CODE = register(
    "FC309",
    "eip-is-own-address",
    Severity.WARNING,
    "An EIP, or an address that is forwarded whole, is one that an interface of the host itself has, or that a tunnel starts "
    "from. All that is sent to it from outside is translated, the host's own SSH and tunnels included.",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report what is translated whole and is some interface's address."""
    own = {(family, address): (what, span) for family, address, what, span in _own(host)}
    for one in public_ranges(host):
        single = one.range.low == one.range.high
        if not one.whole or (single and (one.family, one.range.low) not in own):
            continue
        for address in [one.range.low] if single else sorted(value for family, value in own if family == one.family):
            if one.range.low <= address <= one.range.high:
                what, span = own[one.family, address]
                diagnostics.report(
                    CODE,
                    f"{one.what.removesuffix('s')} `{format_address(one.family, address)}` is the address of {what}",
                    one.span,
                    "what is sent to the host itself goes there, too",
                    related=[(span, "declared here")],
                    help="forward single ports instead: `dnat tcp ADDRESS:PORT -> TARGET`",
                )


def _own(host: Host) -> Iterator[tuple[Family, int, str, Span]]:
    """The host's addresses. What an interface says of them counts more than what a tunnel does."""
    for interface in host.interfaces.values():
        ends = host.outer_ends(interface)
        if ends:
            yield ends[0], ends[1], f"tunnel `{interface.name}`", interface.span
    for interface in host.interfaces.values():
        for address in interface.addresses:
            family: Family = 4 if address.version == 4 else 6
            yield family, int(address.ip), f"interface `{interface.name}`", interface.span


CHECK = Check(
    CODE,
    run,
    bad="""
interface lan { device eth1; address 10.0.0.1/24 }
interface wan { device eth0; address 192.0.2.1/24 }
endpoint web { address 10.0.0.80; interface lan }
zone inside { interface lan }
zone outside { interface wan }
pool public 192.0.2.0/28 at outside
eip 192.0.2.1 <-> web
""",
    good="""
interface lan { device eth1; address 10.0.0.1/24 }
interface wan { device eth0; address 192.0.2.1/24 }
endpoint web { address 10.0.0.80; interface lan }
zone inside { interface lan }
zone outside { interface wan }
pool public 192.0.2.0/28 at outside
eip 192.0.2.2 <-> web
""",
)
