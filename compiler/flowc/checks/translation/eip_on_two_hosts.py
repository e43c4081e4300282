"""One EIP on two hosts."""

from __future__ import annotations

from collections.abc import Iterator

from flowc.checks.base import NetworkCheck
from flowc.checks.hosts import Claim, first_two_hosts
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.network import Network
from flowc.ir.public import Public

CODE = register(
    "FC311",
    "eip-on-two-hosts",
    Severity.ERROR,
    "Two hosts of the file translate one EIP, to what each of them says. Its packets reach one of the two, and which one "
    "is decided by somebody else's routing. An EIP that stands outside of the host blocks belongs to all hosts on "
    "purpose, and is not reported.",
)


def run(network: Network, diagnostics: Diagnostics) -> None:
    """Report the later host's declaration of each such EIP."""
    for one, other in first_two_hosts(_claims(network)):
        diagnostics.report(
            CODE,
            f"EIP `{one.shared(other)}` is on host `{other.host}` and on host `{one.host}`",
            one.span,
            related=[(other.span, f"on host `{other.host}` here")],
            help="give one of them another address",
        )


def _claims(network: Network) -> Iterator[Claim]:
    for host in network.hosts if len(network.hosts) > 1 else ():
        for one in host.derived(Public).declared:
            if one.what in ("EIP", "EIPs"):
                yield Claim(one.family, *one.range, host.name, one.span)


CHECK = NetworkCheck(
    CODE,
    run,
    bad="""
pool public 203.0.113.0/24 at outside
zone outside { interface wan }
zone inside { interface lan }
policy outside -> inside { accept tcp 443 }
policy inside -> self { accept tcp 22 }
host gw1 {
    interface lan { device eth1; address 10.1.0.1/24 }
    interface wan { device eth0; address 192.0.2.1/24 }
    eip 203.0.113.5 <-> 10.1.0.80
}
host gw2 {
    interface lan { device eth1; address 10.2.0.1/24 }
    interface wan { device eth0; address 192.0.2.2/24 }
    eip 203.0.113.5 <-> 10.2.0.80
}
""",
    good="""
pool public 203.0.113.0/24 at outside
zone outside { interface wan }
zone inside { interface lan }
policy outside -> inside { accept tcp 443 }
policy inside -> self { accept tcp 22 }
host gw1 {
    interface lan { device eth1; address 10.1.0.1/24 }
    interface wan { device eth0; address 192.0.2.1/24 }
    eip 203.0.113.5 <-> 10.1.0.80
}
host gw2 {
    interface lan { device eth1; address 10.2.0.1/24 }
    interface wan { device eth0; address 192.0.2.2/24 }
    eip 203.0.113.6 <-> 10.2.0.80
}
""",
)
