"""EIPs that say `stateless`, and cannot be in any part."""

from __future__ import annotations

from flowc.analysis.stateless import Keeps, Kept, Stateless
from flowc.checks.base import Check
from flowc.checks.few import first_few
from flowc.checks.offload.remedies import REMEDIES
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.datapath import Stay
from flowc.ir.network import Host, Offload
from flowc.ir.stack import Stack

CODE = register(
    "FC713",
    "stateless-kept",
    Severity.WARNING,
    "An EIP says `stateless`, and nothing of it can do without connection tracking: all of it is carried as if it did not say so. "
    "There is one finding for each reason. Without connections, an answer and a call look alike, so the policies of both "
    "directions have to admit it, by rules with `offload` and without a limit, `log`, `counter` or `helper`; tc has to know the "
    "MAC addresses of the machine and of the next hop; and nothing else may be translated to the machine or to the EIP.",
)

MOST = 5
"""Addresses that a finding names."""
_HELP: dict[Keeps, str] = {
    Keeps.IDLE: "write `offload` behind the rules that accept it, and name the machine as an `endpoint`",
    Keeps.HARDWARE: "leave `stateless` out, or write `offload software`",
    Keeps.POLICY: "behind `accept tcp 443 via eip offload` answers go to any port: the other policy needs `accept tcp offload`. No rule "
    "before these may match some of it, and none of them may have a `limit`, `log`, `counter` or `helper`",
    Keeps.DIRECT: "write `via eip` behind what the rules from outside accept",
    Keeps.FORWARD: "give the port forward another address and another machine",
    Keeps.SHARED: "give the EIP an address of its own",
    Keeps.PORTS: "accept fewer ranges of ports, or write the protocol without any",
    Keeps.WAYS: "write `route default via` one next hop in the zone of the EIP",
}


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report each reason once."""
    if host.derived(Stack).has_circles:
        return
    found: dict[Keeps | Stay, list[Kept]] = {}
    for one in host.derived(Stateless).kept:
        found.setdefault(one.reason, []).append(one)
    for reason, kept in found.items():
        first, count = kept[0], len(kept)
        named = [f"{one.text}{', '.join(('', *more))}" for one, more in first_few(kept[1:], MOST)]
        off = reason is Keeps.IDLE and host.offload is Offload.OFF
        diagnostics.report(
            CODE,
            f"{first.text}{f' and {count - 1} more' if count > 1 else ''} cannot be stateless",
            first.span,
            "this host says `offload off`" if off else reason.value,
            help="write `offload software` or `offload hardware` in `host`" if off else _help(reason),
            notes=[f"the others: {', '.join(named)}"] if named else [],
        )


def _help(reason: Keeps | Stay) -> str | None:
    return REMEDIES.get(reason) if isinstance(reason, Stay) else _HELP.get(reason)


_FILE = """
host gw1 { offload software }
interface lan { device eth1; address 10.0.0.1/24 }
interface wan { device eth0; address 192.0.2.2/24 }
route default via 192.0.2.1
neighbor 192.0.2.1 on wan managed
endpoint web { address 10.0.0.80; interface lan; mac 52:54:00:00:00:80 }
zone inside { interface lan }
zone internet { interface wan }
pool public 198.51.100.0/28 at internet
eip 198.51.100.8 <-> web stateless
policy inside -> self { accept tcp 22 }
policy internet -> inside { accept tcp 443 to web via eip offload }
policy inside -> internet { accept RULE }
"""

CHECK = Check(CODE, run, bad=_FILE.replace("RULE", "udp 53 offload"), good=_FILE.replace("RULE", "tcp offload; accept"))
