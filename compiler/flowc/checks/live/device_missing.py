"""A device that the host does not have."""

from __future__ import annotations

from flowc.checks.base import FactsCheck
from flowc.checks.live.common import existing, meant
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.facts import Index
from flowc.ir.links import KERNELS_OWN
from flowc.ir.network import Host

CODE = register(
    "FC811",
    "device-missing",
    Severity.ERROR,
    "An interface says what device of the host it is, and by the facts the host has none of that name. apply.sh refuses to "
    "load: the kernel takes no flowtable with a device that it does not know (6.1: ENOENT), and newer ones wait for it in "
    "silence. Where the device comes later, as that of a virtual machine does, take the facts anew when it is there.",
)


def run(host: Host, index: Index, diagnostics: Diagnostics) -> None:
    """Report interfaces on devices that are not there."""
    if index.facts.links is None:
        return
    named = {one.device for one in host.interfaces.values()}
    for interface in existing(host):
        device = interface.device
        if device in index.links or device in KERNELS_OWN:
            continue
        close = meant(device, index.links.keys() - named)
        diagnostics.report(
            CODE,
            f"the host has no device `{device}`",
            interface.span,
            help=f"did you mean `device {close}`?" if close else None,
        )


CHECK = FactsCheck(
    CODE,
    run,
    bad="""
interface lan { device enp1s0f1; address 10.0.0.1/24 }
zone inside { interface lan }
policy inside -> self { accept tcp 22 }
""",
    good="""
interface lan { device enp1s0f0; address 10.0.0.1/24 }
zone inside { interface lan }
policy inside -> self { accept tcp 22 }
""",
    facts="""
{"version": 1, "links": [{"name": "lo"}, {"name": "enp1s0f0", "driver": "ixgbe"}]}
""",
)
