"""What becomes of the flows of each rule that offloads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir import kernel
from flowc.ir.datapath import FlowtableDevices
from flowc.ir.fastpath import MOST_DEVICES, FastPath, traffic
from flowc.ir.gaps import Gap, Gaps, all_gaps
from flowc.ir.network import Host, Offload
from flowc.ir.policy import Policy, Rule
from flowc.ir.stack import Stack

MOST = 5
"""Of a kind that a note names."""

CODE = register(
    "FC710",
    "offload-explained",
    Severity.NOTE,
    "Which of the flows that a rule with `offload` admits are offloaded, and which only under a condition that the file does "
    "not decide; the rest passes the ruleset packet by packet, as it would without `offload`. TCP is offloaded from the end of "
    "its handshake to the first FIN or RST, UDP from the first answer on. There is one note for each rule of which anything is "
    "offloaded; what keeps out all that a rule admits is a warning of its own.",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """A note for each rule that offloads, and of which no warning says that it does not."""
    fastpath, devices = host.derived(FastPath), host.derived(FlowtableDevices).devices
    if not fastpath.pairs or host.derived(Stack).has_circles or len(devices) > MOST_DEVICES:
        return
    missing: dict[int, list[Gap]] = {}
    hardware = host.offload is Offload.HARDWARE
    for rule, gap in host.derived(all_gaps) if hardware else Gaps(fastpath, machines=False).by_rule():
        missing.setdefault(id(rule), []).append(gap)
    for policy, zones in _by_policy(fastpath):
        for rule in policy.rules:
            unresolved = missing.get(id(rule), ())
            told = rule.helper or (hardware and unresolved)
            if rule.offload and traffic(rule).carried and not told:
                _explain(rule, fastpath, zones, unresolved, diagnostics)


def _by_policy(fastpath: FastPath) -> Iterator[tuple[Policy, Sequence[str]]]:
    """The policies with the zones of all pairs that they offload for; without those of which nothing is offloaded."""
    found: dict[int, tuple[Policy, dict[str, None]]] = {}
    for source, target, policy in fastpath.pairs:
        if all(fastpath.free(zone) for zone in (source, target)):
            found.setdefault(id(policy), (policy, {}))[1].update({source: None, target: None})
    for policy, zones in found.values():
        yield policy, list(zones)


def _explain(
    rule: Rule, fastpath: FastPath, zones: Sequence[str], missing: Sequence[Gap], diagnostics: Diagnostics
) -> None:
    carried, other = traffic(rule)
    how = "by the NIC" if fastpath.host.offload is Offload.HARDWARE else "in software"
    rest = f", {' and '.join(other)} {'is' if len(other) == 1 else 'are'} not" if other else ""
    diagnostics.report(
        CODE,
        f"{' and '.join(carried)} {'is' if len(carried) == 1 else 'are'} offloaded {how}{rest}",
        rule.span,
        notes=[*_conditions(fastpath, zones), *_next_hops(fastpath.host, missing)],
    )


def _conditions(fastpath: FastPath, zones: Sequence[str]) -> Iterator[str]:
    host, flowtable = fastpath.host, fastpath.host.derived(FlowtableDevices)
    names = sorted({name for zone in zones for name in host.zones[zone].interfaces})
    hardware = host.offload is Offload.HARDWARE
    if hardware and not flowtable.listed.isdisjoint(names):
        drivers = _first(flowtable.devices)
        yield f"only if the drivers of these devices take flows, or the load is refused: {drivers}"
    by_tc = [name for name in names if name not in flowtable.listed and name in flowtable.by_tc]
    if by_tc:
        over = _first([f"`{name}`" for name in by_tc])
        unless = ": in software where a driver does not take its filters" if hardware else ""
        yield f"over {over} by tc alone{unless}"
    for name in names:
        obstacle = fastpath.obstacles.get(name)
        if name in by_tc:
            continue
        if obstacle:
            yield f"not over `{name}`: {obstacle.value}"
        elif not fastpath.ends(host.interfaces[name]).names <= flowtable.listed:
            since = kernel.text(kernel.STRICT_PATHS.since)
            yield f"not over `{name}` on kernel {since} and newer, which want the device below it in the flowtable"


def _first(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
    return f"{', '.join(names[:MOST])}{more}"


def _next_hops(host: Host, missing: Sequence[Gap]) -> Iterator[str]:
    strict = kernel.STRICT_PATHS.holds(host.kernel)
    then = "until then no flow is made" if strict else "wait for that"
    for gap in missing[:MOST]:
        where = f"{gap.role.value} `{gap.name}` has no declared neighbour on `{gap.hop.interface}`"
        yield f"{where}: the first packets resolve it, and {then}"
    if len(missing) > MOST:
        yield f"the same goes for {len(missing) - MOST} more"


_FILE = """
interface lan { device eth1; address 10.0.0.1/24 }
interface wan { device eth0; address 192.0.2.2/24 }
zone inside { interface lan }
zone internet { interface wan }
policy inside -> self { accept tcp 22 }
"""

CHECK = Check(
    CODE,
    run,
    bad=_FILE + "policy inside -> internet { accept tcp 443, icmp offload }\n",
    good=_FILE + "policy inside -> internet { accept tcp 443, icmp }\n",
)
