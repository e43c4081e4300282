"""An EIP, or the forward of a whole address, takes the host's own address."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.addresses import Family, format_address
from flowc.ir.links import Tunnel
from flowc.ir.network import Host
from flowc.ir.public import Public
from flowc.ir.stack import Stack
from flowc.source import Span

CODE = register(
    "FC309",
    "eip-is-own-address",
    Severity.WARNING,
    "An EIP, or an address that is forwarded whole, is one that an interface of the host itself has, or that a tunnel starts "
    "from. All that is sent to it from outside is translated, the host's own SSH and tunnels included.",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report what is translated whole and is some interface's address, in a VRF of the zone it is reached from."""
    vrfs = {zone.name: {host.interfaces[name].vrf for name in zone.interfaces} for zone in host.zones.values()}
    own: dict[Family, dict[int, list[_Own]]] = {4: {}, 6: {}}
    for family, one in _own(host):
        own[family].setdefault(one.address, []).append(one)
    for public in host.derived(Public).declared:
        known, (low, high) = own[public.family], public.range
        if not public.whole or (low == high and low not in known):
            continue
        for address in sorted(value for value in known if low <= value <= high):
            there = next((one for one in known[address] if one.vrf in vrfs[public.zone]), None)
            if there:
                diagnostics.report(
                    CODE,
                    f"{public.what.removesuffix('s')} `{format_address(public.family, address)}` is the address of "
                    f"{there.what}",
                    public.span,
                    "what is sent to the host itself goes there, too",
                    related=[(there.span, "declared here")],
                    help="forward single ports instead: `dnat tcp ADDRESS:PORT -> TARGET`",
                )


class _Own(NamedTuple):
    address: int
    vrf: str | None
    what: str
    span: Span


def _own(host: Host) -> Iterator[tuple[Family, _Own]]:
    """The host's addresses: those of its interfaces, then those that tunnels start from."""
    for one in host.interfaces.values():
        for address in one.addresses:
            yield 4 if address.version == 4 else 6, _Own(int(address.ip), one.vrf, f"interface `{one.name}`", one.span)
    stack = host.derived(Stack)
    for one in host.interfaces.values():
        ends = host.outer_ends(one)
        if ends and isinstance(one.link, Tunnel):
            below = stack.underlay(one.link)
            yield ends[0], _Own(ends[1], below.vrf if below else None, f"tunnel `{one.name}`", one.span)


CHECK = Check(
    CODE,
    run,
    bad="""
interface lan { device eth1; address 10.0.0.1/24 }
interface wan { device eth0; address 192.0.2.1/24 }
endpoint web { address 10.0.0.80; interface lan }
zone inside { interface lan }
zone outside { interface wan }
policy outside -> inside { accept tcp 443 }
policy inside -> self { accept tcp 22 }
pool public 192.0.2.0/28 at outside
eip 192.0.2.1 <-> web
""",
    good="""
interface lan { device eth1; address 10.0.0.1/24 }
interface wan { device eth0; address 192.0.2.1/24 }
endpoint web { address 10.0.0.80; interface lan }
zone inside { interface lan }
zone outside { interface wan }
policy outside -> inside { accept tcp 443 }
policy inside -> self { accept tcp 22 }
pool public 192.0.2.0/28 at outside
eip 192.0.2.2 <-> web
""",
)
