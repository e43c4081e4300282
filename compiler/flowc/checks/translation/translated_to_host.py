"""Translation to the host itself."""

from __future__ import annotations

from collections.abc import Iterator

from flowc.checks.base import Check
from flowc.checks.few import first_few
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.addresses import Family, format_address
from flowc.ir.links import Interface
from flowc.ir.network import Host
from flowc.source import Span

CODE = register(
    "FC322",
    "translated-to-host",
    Severity.NOTE,
    "An EIP or a port forward leads to an address of the host itself. What is sent to it is for the host then: the policy to "
    "`self` judges it, and no policy to the zone of that address.",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report targets that are an interface's address in their VRF."""
    for (what, family, target, interface, span), notes in first_few(_findings(host)):
        diagnostics.report(
            CODE,
            f"the {what} leads to `{format_address(family, target)}`, which is this host",
            span,
            "the policy to `self` judges what is sent to it",
            related=[(interface.span, "its interface")],
            notes=notes,
        )


def _findings(host: Host) -> Iterator[tuple[str, Family, int, Interface, Span]]:
    own: dict[tuple[str | None, Family, int], Interface] = {}
    for interface in host.interfaces.values():
        for address in interface.addresses:
            own[interface.vrf, 4 if address.version == 4 else 6, int(address.ip)] = interface
    for table, what in ((host.eips, "EIP"), (host.forwards, "port forward")):
        columns = map(table.column, ("vrf", "family", "target", "span"))
        for vrf, family, target, span in zip(*columns, strict=True):
            if (vrf, family, target) in own:
                yield what, family, target, own[vrf, family, target], span


_HOST = """
interface lan { device eth1; address 10.0.0.1/24 }
interface wan { device eth0; address 192.0.2.1/24 }
zone inside { interface lan }
zone outside { interface wan }
policy outside -> self { accept tcp 22 }
policy outside -> inside { accept tcp 22 }
"""

CHECK = Check(
    CODE,
    run,
    bad=_HOST + "nat outside -> inside { dnat tcp 203.0.113.5:22 -> 10.0.0.1 }\n",
    good=_HOST + "nat outside -> inside { dnat tcp 203.0.113.5:22 -> 10.0.0.22 }\n",
)
