"""More devices than a flowtable can have."""

from __future__ import annotations

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.datapath import FlowtableDevices
from flowc.ir.fastpath import MOST_DEVICES, FastPath
from flowc.ir.network import Host

CODE = register(
    "FC709",
    "too-many-offload-devices",
    Severity.ERROR,
    "The interfaces of all zones in policies with `offload` are in one flowtable, which has at most 255 devices: the kernel "
    "refuses the 256th (EFBIG), and with it the whole load (nf_tables_parse_netdev_hooks in net/netfilter/nf_tables_api.c).",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report the policy that brings the first device that is too many."""
    flowtable = host.derived(FlowtableDevices)
    if len(flowtable.devices) <= MOST_DEVICES:
        return
    devices: set[str] = set()
    for source, target, policy in host.derived(FastPath).pairs:
        names = {*host.zones[source].interfaces, *host.zones[target].interfaces} & flowtable.listed
        devices |= {host.interfaces[name].device for name in names}
        if len(devices) > MOST_DEVICES:
            rule = next(rule for rule in policy.rules if rule.offload)
            diagnostics.report(
                CODE,
                f"the policies with `offload` have {len(flowtable.devices)} devices, a flowtable has {MOST_DEVICES} at most",
                rule.span,
                help="leave `offload` out where flows are few or short, or put machines behind one interface",
            )
            return


def _file(count: int) -> str:
    names = [f"tap{number}" for number in range(count)]
    rows = [names[start : start + 15] for start in range(0, count, 15)]
    interfaces = "\n".join("; ".join(f"interface {name} {{}}" for name in row) for row in rows)
    members = ",\n    ".join(", ".join(row) for row in rows)
    return f"""
interface wan {{ device eth0; address 192.0.2.2/24 }}
{interfaces}
zone tenants {{ interface {members} }}
zone internet {{ interface wan }}
policy tenants -> self {{ accept udp 53 }}
policy tenants -> internet {{ accept tcp, udp offload }}
"""


CHECK = Check(CODE, run, bad=_file(MOST_DEVICES), good=_file(MOST_DEVICES - 1))
