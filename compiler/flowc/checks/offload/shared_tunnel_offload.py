"""Offload asked for what goes through a shared tunnel."""

from __future__ import annotations

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.datapath import Datapaths
from flowc.ir.network import Host, Offload
from flowc.ir.policy import ANY, SELF

CODE = register(
    "FC703",
    "shared-tunnel-not-offloaded",
    Severity.WARNING,
    "A flowtable knows a flow by its device, addresses and ports, and not by the key of a tunnel. On a shared tunnel device "
    "it would carry one tenant's packets in the flow of another one who uses the same addresses, so flowc offloads nothing "
    "there: such flows pass the ruleset, packet by packet. tc can carry them, see `datapath` in `docs/offload.md`.",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report the first rule with `offload` of a policy to or from a zone with a key, and between no machines that tc takes."""
    if host.offload is Offload.OFF:
        return
    keys = {one.name for one in host.interfaces.values() if one.carrier}
    datapaths = host.derived(Datapaths)
    by_tc = {one.interface for one in datapaths.taken} if keys else set()
    taken = {zone.name for zone in host.zones.values() if by_tc.intersection(zone.interfaces)}
    shared = {zone.name for zone in host.zones.values() if keys.intersection(zone.interfaces)} - taken
    for policy in host.policies:
        if SELF in (policy.source, policy.target) or taken.intersection((policy.source, policy.target)):
            continue
        ends = shared if ANY in (policy.source, policy.target) else shared & {policy.source, policy.target}
        rule = next((rule for rule in policy.rules if rule.offload), None)
        if ends and rule:
            zone = host.zones[min(ends)]
            diagnostics.report(
                CODE,
                f"flows of zone `{zone.name}` are not offloaded: it is behind a shared tunnel",
                rule.span,
                related=[(zone.span, "the zone")],
                notes=[f"tc does not take them: {stay.value}" for stay in datapaths.of_interfaces(zone.interfaces)],
                help="give the tenant a tunnel device of its own, or leave `offload` out",
            )


_FILE = """
vrf acme { table 1000 }
interface uplink { device eth0; address 172.16.0.1/24 }
interface vms { device tap1; address 10.0.0.1/24; vrf acme }
tunnel shared { type gretap; local 172.16.0.1; shared }
tunnel far { over shared; key 1000; remote 172.16.0.2; vrf acme; address 10.0.1.1/24 }
zone underlay { interface uplink }
zone tenant { interface vms }
zone remote { interface far }
"""

CHECK = Check(
    CODE,
    run,
    bad=_FILE + "policy tenant -> remote { accept offload }\n",
    good=_FILE + "policy tenant -> remote { accept }\n",
)
