"""Flows that a NIC should carry, to machines whose MAC address nothing declares."""

from __future__ import annotations

from collections.abc import Sequence

from flowc.checks.base import NetworkCheck
from flowc.checks.hosts import is_its_alone
from flowc.diagnostics import Diagnostics, Fix, Severity, fixes, register
from flowc.ir import kernel
from flowc.ir.addresses import format_address
from flowc.ir.gaps import Gap, Role, all_gaps
from flowc.ir.links import Device
from flowc.ir.network import Host, Network, Offload
from flowc.ir.policy import Rule
from flowc.ir.stack import Stack
from flowc.source import Span

MOST = 5
"""Of one interface; where there are more, they are one finding."""

CODE = register(
    "FC603",
    "next-hop-without-neighbor",
    Severity.WARNING,
    "The host says `offload hardware`, and a rule with `offload` admits flows to this next hop, endpoint or target of a "
    "translation, whose MAC address nothing declares. A NIC takes a flow only while the kernel has a valid neighbour entry "
    "for its next hop, in both directions; looking for one asks nobody, and an entry that nothing uses is dropped. So whether "
    "a flow is offloaded depends on what was sent before. Up to kernel 7.1 the flow is made without its way: behind a VLAN or "
    "a bridge it stays in software until it ends, elsewhere until the entry is there and a packet renews the flow. Since 7.2 "
    "there is no flow until then. With `neighbor ... managed` the kernel resolves the address now and keeps it resolved; with "
    "a MAC address the entry is permanent. An endpoint's `mac` does the same. In software (`offload software`) the first "
    "packets resolve the address and nothing is lost: there, `flowc check -v` lists these next hops with the rule.",
)


def run(network: Network, diagnostics: Diagnostics) -> None:
    """Report each next hop that is missing, and where an interface has many of a kind, all of them in one."""
    for host in network.hosts:
        _look_at(host, network, diagnostics)


def _look_at(host: Host, network: Network, diagnostics: Diagnostics) -> None:
    if host.offload is not Offload.HARDWARE or host.derived(Stack).has_circles:
        return
    found: dict[tuple[str, Role], list[tuple[Rule, Gap]]] = {}
    for rule, gap in host.derived(all_gaps):
        found.setdefault((gap.hop.interface, gap.role), []).append((rule, gap))
    for of_one_kind in found.values():
        if len(of_one_kind) > MOST:
            _report(of_one_kind, host, network, diagnostics)
        else:
            for one in of_one_kind:
                _report([one], host, network, diagnostics)


def _report(found: Sequence[tuple[Rule, Gap]], host: Host, network: Network, diagnostics: Diagnostics) -> None:
    rule, (hop, role, name, span) = found[0]
    interface = host.interfaces[hop.interface]
    more = f", and {len(found) - 1} more on `{interface.name}` have none" if len(found) > 1 else ""
    where = "" if more else f" on `{interface.name}`"
    diagnostics.report(
        CODE,
        f"{role.value} `{name}` has no declared neighbour{where}{more}",
        span,
        "no NIC takes its flows before the address is resolved",
        related=[(rule.span, "flows of this rule go there")],
        notes=[_consequence(host, plain=isinstance(interface.link, Device))],
        help=_help(found[0][1], host),
        fix=_fix([gap for _, gap in found], host, network),
    )


def _consequence(host: Host, *, plain: bool) -> str:
    version = f"kernel {kernel.text(host.kernel)}"
    if kernel.STRICT_PATHS.holds(host.kernel):
        return f"{version} makes no flow while the entry is missing: packets pass the ruleset until it is there"
    if plain:
        return f"with {version} such a flow stays in software until the entry is there and a packet renews the flow"
    return f"with {version} a flow that starts without it stays in software until it ends: its way is looked up once"


def _help(gap: Gap, host: Host) -> str:
    managed = kernel.MANAGED_NEIGHBORS.holds(host.kernel)
    wanted = f"add `{_line(gap)} managed`" if managed else f"add `{_line(gap)}` with its MAC address"
    return f"{wanted}, or give the endpoint its `mac`" if gap.role is Role.ENDPOINT else wanted


def _line(gap: Gap) -> str:
    return f"neighbor {format_address(gap.hop.family, gap.hop.address)} on {gap.hop.interface}"


def _fix(gaps: Sequence[Gap], host: Host, network: Network) -> Fix | None:
    """A line below the route of each next hop. An endpoint may better get its `mac`, which is not known here.

    Not below a route that other hosts have, too: one of them may have declared the neighbour in its block.
    """
    if not kernel.MANAGED_NEIGHBORS.holds(host.kernel) or any(gap.role is not Role.NEXT_HOP for gap in gaps):
        return None
    lines: dict[Span, list[str]] = {}
    for gap in gaps:
        lines.setdefault(gap.span, []).append(f"{_line(gap)} managed")
    title = f"add `{_line(gaps[0])} managed`" + (f" and {len(gaps) - 1} more" if len(gaps) > 1 else "")
    made = [fixes.add_below(title, route, *more) for route, more in lines.items() if is_its_alone(route, host, network)]
    edits = tuple(edit for fix in made if fix is not None for edit in fix.edits)
    return Fix(title, edits) if len(edits) == len(lines) else None


_FILE = """
host gw1 { offload hardware }
interface lan { device eth1; address 10.0.0.1/24 }
interface wan { device eth0; address 192.0.2.2/24 }
route default via 192.0.2.1
zone inside { interface lan }
zone internet { interface wan }
policy inside -> self { accept tcp 22 }
policy inside -> internet { accept tcp, udp offload }
"""

CHECK = NetworkCheck(
    CODE,
    run,
    bad=_FILE,
    good=_FILE + "neighbor 192.0.2.1 on wan managed\n",
)
