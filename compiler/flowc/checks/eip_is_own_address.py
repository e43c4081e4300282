"""An EIP takes the host's own address."""

from __future__ import annotations

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.addresses import Family, format_address
from flowc.ir.links import Interface
from flowc.ir.network import Host

CODE = register(
    "FC309",
    "eip-is-own-address",
    Severity.WARNING,
    "An EIP is an address that an interface of the host itself has. All that is sent to it from outside is translated, "
    "the host's own SSH and tunnels included.",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report EIPs that are some interface's address."""
    own: dict[tuple[Family, int], Interface] = {
        (4 if address.version == 4 else 6, int(address.ip)): interface
        for interface in host.interfaces.values()
        for address in interface.addresses
    }
    found = [
        (family, public, host.eips[index].span)
        for index, (family, public) in enumerate(
            zip(host.eips.column("family"), host.eips.column("public"), strict=True)
        )
        if (family, public) in own
    ]
    found += [
        (family, address, eip.span)
        for eip in host.prefix_eips
        for family, address in own
        if eip.public_prefix.contains(family, address)
    ]
    for family, public, span in found:
        interface = own.get((family, public))
        if interface:
            diagnostics.report(
                CODE,
                f"EIP `{format_address(family, public)}` is the address of interface `{interface.name}`",
                span,
                "what is sent to the host itself goes there, too",
                related=[(interface.span, "declared here")],
                help="forward single ports instead: `dnat tcp ADDRESS:PORT -> TARGET`",
            )


CHECK = Check(
    CODE,
    run,
    bad="""
interface lan { device eth1; address 10.0.0.1/24 }
interface wan { device eth0; address 192.0.2.1/24 }
endpoint web { address 10.0.0.80; interface lan }
zone inside { interface lan }
zone outside { interface wan }
policy outside -> inside { accept tcp 443 via eip }
pool public 192.0.2.0/24 at outside
eip 192.0.2.1 <-> web
""",
    good="""
interface lan { device eth1; address 10.0.0.1/24 }
interface wan { device eth0; address 192.0.2.1/24 }
endpoint web { address 10.0.0.80; interface lan }
zone inside { interface lan }
zone outside { interface wan }
policy outside -> inside { accept tcp 443 via eip }
pool public 192.0.2.0/24 at outside
eip 192.0.2.2 <-> web
""",
)
