"""One MAC address behind several keys of a shared tunnel, where machines ask for the gateway by IPv6."""

from __future__ import annotations

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.links import Tunnel
from flowc.ir.network import Host
from flowc.source import Span

CODE = register(
    "FC416",
    "mac-behind-several-keys",
    Severity.WARNING,
    "Machines with one MAC address are behind several keys of a shared `gretap` or `ip6gretap`, and these have IPv6 addresses. Of "
    "a neighbour solicitation the kernel does not remember by which key it came (ndisc_recv_ns in net/ipv6/ndisc.c), so flowc "
    "finds the key of the answer by the MAC address that it is for. Here that could be either, and neither is answered: the "
    "machines do not find the gateway. IPv4 is not concerned.",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report the second machine of each MAC address and shared tunnel."""
    keys = {
        one.name: one.carrier
        for one in host.interfaces.values()
        if isinstance(one.link, Tunnel) and one.carrier and one.link.kind.ethernet
        if any(own.version == 6 for own in one.addresses)
    }
    first: dict[tuple[str, str], tuple[str, Span]] = {}
    told: set[tuple[str, str]] = set()
    for table in (host.endpoints, host.neighbors) if keys else ():
        columns = map(table.column, ("interface", "mac", "span"))
        for name, mac, span in zip(*columns, strict=True):
            if name not in keys or mac is None:
                continue
            place = (keys[name], mac)
            other, where = first.setdefault(place, (name, span))
            if other == name or place in told:
                continue
            told.add(place)
            diagnostics.report(
                CODE,
                f"`{mac}` is behind key `{other}` and behind key `{name}`",
                span,
                "by IPv6, neither machine finds the gateway",
                related=[(where, f"behind `{other}`")],
                help="give the machines MAC addresses of their own, or one tunnel a device of its own",
            )


_FILE = """
vrf acme { table 1000 }
vrf globex { table 1001 }
interface uplink { device eth0; address 172.16.0.1/24 }
tunnel shared { type gretap; local 172.16.0.1; shared }
tunnel far  { over shared; key 1; remote 172.16.0.2; vrf acme;   address fd00::1/64 }
tunnel far2 { over shared; key 2; remote 172.16.0.2; vrf globex; address fd00::1/64 }
endpoint one { address fd00::2; interface far;  mac 52:54:00:00:00:02 }
endpoint two { address fd00::2; interface far2; mac MAC }
zone underlay { interface uplink }
zone tenant { interface far }
zone tenant2 { interface far2 }
"""

CHECK = Check(
    CODE,
    run,
    bad=_FILE.replace("MAC", "52:54:00:00:00:02"),
    good=_FILE.replace("MAC", "52:54:00:00:00:03"),
)
