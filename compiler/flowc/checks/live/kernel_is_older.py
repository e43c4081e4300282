"""The host runs an older kernel than the file is for."""

from __future__ import annotations

from flowc.checks.base import FactsCheck
from flowc.checks.live.common import somewhere
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.facts import Index
from flowc.ir.network import Host

CODE = register(
    "FC813",
    "kernel-is-older",
    Severity.ERROR,
    "The host's `kernel` is the oldest that the file must load on, 6.1 where it does not say. By the facts the host runs an "
    "older one, so what other checks say about offload and about what the kernel takes is not true of it.",
)


def run(host: Host, index: Index, diagnostics: Diagnostics) -> None:
    """Report the declared kernel, or the host where the file says none."""
    kernel, place = index.facts.kernel, somewhere(host)
    if kernel is None or place is None or kernel.version >= host.kernel:
        return
    runs, wanted = (f"{major}.{minor}" for major, minor in (kernel.version, host.kernel))
    unsaid = "" if host.kernel_span else ", as it does not say"
    diagnostics.report(
        CODE,
        f"the file is for kernel {wanted} and newer{unsaid}, and the host runs {runs}",
        place,
        notes=[f"its release is {kernel.release}"],
        help=f"write `kernel {runs}` in the `host` block, and read what is reported then",
    )


CHECK = FactsCheck(
    CODE,
    run,
    bad="""
host gw1 { kernel 6.12 }
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { interface lan }
policy inside -> self { accept tcp 22 }
""",
    good="""
host gw1 { kernel 6.1 }
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { interface lan }
policy inside -> self { accept tcp 22 }
""",
    facts="""
{"version": 1, "hostname": "gw1", "kernel": {"release": "6.1.0-28-amd64", "version": [6, 1]}}
""",
)
