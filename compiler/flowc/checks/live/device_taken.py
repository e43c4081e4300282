"""A device that flowc would make is there already, and is another one."""

from __future__ import annotations

from flowc.checks.base import FactsCheck
from flowc.checks.live.common import Made, made
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.facts import Index, Link
from flowc.facts.index import FLOWC_ALIAS
from flowc.ir.links import Tunnel, Veth, Vlan
from flowc.ir.network import Host

CODE = register(
    "FC812",
    "device-taken",
    Severity.ERROR,
    "The file makes a device, and the host has one of that name that flowc did not make (it has no alias `flowc`), or that "
    "is of another kind, or that differs in what the kernel cannot change on a living device: a VRF's table, a VLAN's number "
    "and parent, whether a tunnel is shared. apply.sh refuses to load.",
)


def run(host: Host, index: Index, diagnostics: Diagnostics) -> None:
    """Report devices that the file cannot make."""
    for one in made(host):
        link = index.links.get(one.device)
        if link is None:
            _other_end(one, index, diagnostics)
            continue
        problem, advice = _problem(host, one, link)
        if problem:
            diagnostics.report(CODE, f"the host has a device `{one.device}`, {problem}", one.span, help=advice)


def _other_end(one: Made, index: Index, diagnostics: Diagnostics) -> None:
    link = one.interface.link if one.interface else None
    if isinstance(link, Veth) and link.peer in index.links:
        problem = f"the host has a device `{link.peer}`, which cannot be the other end of `{one.device}`"
        diagnostics.report(CODE, problem, one.span, help="give the other end another name")


def _problem(host: Host, one: Made, link: Link) -> tuple[str | None, str | None]:
    """What is in the way, and what to do."""
    rename = "give it another name: `device NAME`"
    if link.kind != one.kind:
        kind = f"a {link.kind} device" if link.kind else "a NIC"
        return f"which is {kind} and no {one.kind}", rename
    if link.alias != FLOWC_ALIAS:
        take_over = "to let flowc make it, delete the one that is there"
        return f"a {one.kind} that flowc did not make", f"{rename}; {take_over}"
    difference = _difference(host, one, link)
    if difference:
        return f"{difference}, which the kernel cannot change", f"delete it first: `ip link del {one.device}`"
    return None, None


def _difference(host: Host, one: Made, link: Link) -> str | None:
    if one.interface is None:
        table = next(vrf.table for vrf in host.vrfs.values() if vrf.device == one.device)
        return f"a VRF of table {link.table}" if link.table not in (None, table) else None
    wanted = one.interface.link
    if isinstance(wanted, Vlan):
        parent = host.interfaces[wanted.parent].device
        if (link.vlan or wanted.id, link.parent or parent) != (wanted.id, parent):
            return f"VLAN {link.vlan} on `{link.parent}`"
    if isinstance(wanted, Tunnel) and link.tunnel is not None and link.tunnel.external != wanted.shared:
        return "a shared tunnel" if link.tunnel.external else "a tunnel of its own"
    return None


CHECK = FactsCheck(
    CODE,
    run,
    bad="""
interface eth1 { }
interface lan { device br0; bridge eth1; address 10.0.0.1/24 }
zone inside { interface lan }
policy inside -> self { accept tcp 22 }
""",
    good="""
interface eth1 { }
interface lan { device br-lan; bridge eth1; address 10.0.0.1/24 }
zone inside { interface lan }
policy inside -> self { accept tcp 22 }
""",
    facts="""
{"version": 1, "links": [{"name": "eth1"}, {"name": "br0", "kind": "bridge"}]}
""",
)
