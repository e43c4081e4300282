"""Keys of a shared tunnel device, which has one neighbour table and no VRF for all of them."""

from __future__ import annotations

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.addresses import Family, format_address
from flowc.ir.links import Interface, Tunnel
from flowc.ir.network import Host
from flowc.source import Span

CODE = register(
    "FC413",
    "bad-shared-tunnel-key",
    Severity.ERROR,
    "Packets of all keys come in on one device, and are told apart by the VRF of their key alone: so a key is in a VRF, "
    "the keys of one VRF over one device are in one zone, and only routes of that VRF lead there. Behind a key that carries Ethernet, the host cannot ask for "
    "a MAC address (it has one neighbour table for all tenants), so what is there has to be declared with one.",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report keys that cannot be told apart, and what cannot be reached behind them."""
    keys = {one.name: one for one in host.interfaces.values() if one.carrier}
    for key in keys.values():
        if key.vrf is None:
            diagnostics.report(
                CODE,
                f"key `{key.name}` is in no VRF",
                key.span,
                help="give each tenant a VRF: `vrf NAME { table 1000 }` and `vrf NAME` in the tunnel",
            )
    _zones(host, keys, diagnostics)
    _neighbors(host, keys, diagnostics)
    _routes(host, keys, diagnostics)
    _addresses(host, keys, diagnostics)


def _zones(host: Host, keys: dict[str, Interface], diagnostics: Diagnostics) -> None:
    """Keys of one VRF over one device are of one zone, and no part of a wire."""
    seen: dict[tuple[str | None, str | None], tuple[str, Span]] = {}
    for zone in host.zones.values():
        for member in zone.members:
            key = keys.get(member.interface)
            if key is None:
                continue
            if member.source is not None:
                diagnostics.report(
                    CODE,
                    f"a part of key `{key.name}` cannot be a zone",
                    member.span,
                    help="put the whole key into the zone, and say `from` in the rules",
                )
            name, span = seen.setdefault((key.carrier, key.vrf), (zone.name, member.span))
            if name != zone.name:
                diagnostics.report(
                    CODE,
                    f"keys of vrf `{key.vrf}` are in zone `{name}` and in zone `{zone.name}`",
                    member.span,
                    related=[(span, f"in zone `{name}` here")],
                    help="put them into one zone, or give one of them a VRF or a tunnel device of its own",
                )


def _neighbors(host: Host, keys: dict[str, Interface], diagnostics: Diagnostics) -> None:
    """Behind a key with Ethernet everything has a MAC; a next hop is declared."""

    def ethernet(interface: str) -> bool:
        link = keys[interface].link if interface in keys else None
        return isinstance(link, Tunnel) and link.kind.ethernet

    known: set[tuple[str, int, int]] = set()
    found = [
        *((row.interface, 4, row.v4, row.mac, row.span) for row in host.endpoints if row.v4 is not None),
        *((row.interface, 6, row.v6, row.mac, row.span) for row in host.endpoints if row.v6 is not None),
        *((row.interface, row.family, row.address, row.mac, row.span) for row in host.neighbors),
    ]
    for interface, family, address, mac, span in found if keys else ():
        known.add((interface, family, address))
        if mac is None and ethernet(interface):
            text = format_address(4 if family == 4 else 6, address)
            _no_mac(f"`{text}` behind key `{interface}` has no MAC address", span, keys[interface], diagnostics)
    for route in host.routes if keys else ():
        for gateway, interface, _ in route.nexthops:
            if not ethernet(interface):
                continue
            if gateway is None:
                _no_mac(f"a route into key `{interface}` has no next hop", route.span, keys[interface], diagnostics)
            elif (interface, route.family, gateway) not in known:
                text = format_address(route.family, gateway)
                _no_mac(f"next hop `{text}` is not declared", route.span, keys[interface], diagnostics)


def _routes(host: Host, keys: dict[str, Interface], diagnostics: Diagnostics) -> None:
    """What leaves by a key is judged as its VRF's, so only routes of that VRF lead there."""
    for route in host.routes if keys else ():
        for _, interface, _ in route.nexthops:
            key = keys.get(interface)
            if key is not None and key.vrf != route.vrf:
                diagnostics.report(
                    CODE,
                    f"a route of {f'vrf `{route.vrf}`' if route.vrf else 'the main table'} leads into key "
                    f"`{interface}` of vrf `{key.vrf}`",
                    route.span,
                    related=[(key.span, "the key")],
                    help="give the other tenant's machine an EIP, or the tunnel a device of its own",
                )


def _addresses(host: Host, keys: dict[str, Interface], diagnostics: Diagnostics) -> None:
    """A key's address is the host's own on every wire of the main table, so nothing there may have it."""
    wires = [one for one in host.interfaces.values() if one.vrf is None and one.name not in keys]
    for key in keys.values():
        for own in key.addresses:
            family: Family = 4 if own.version == 4 else 6
            wire = next((one for one in wires if any(p.contains(family, int(own.ip)) for p in one.prefixes)), None)
            if wire is not None:
                diagnostics.report(
                    CODE,
                    f"`{own.ip}` of key `{key.name}` is in a network of interface `{wire.name}`",
                    key.span,
                    "the host would take the address there, too",
                    related=[(wire.span, "the interface")],
                    help="use another network behind the key, or put the interface into a VRF",
                )


def _no_mac(message: str, span: Span, key: Interface, diagnostics: Diagnostics) -> None:
    diagnostics.report(
        CODE,
        message,
        span,
        related=[(key.span, "the key")],
        help=f"declare the machine: `endpoint NAME {{ address A; interface {key.name}; mac M }}`",
    )


CHECK = Check(
    CODE,
    run,
    bad="""
vrf acme { table 1000 }
interface uplink { device eth0; address 172.16.0.1/24 }
tunnel shared { type gretap; local 172.16.0.1; shared }
tunnel far { over shared; key 1000; remote 172.16.0.2; vrf acme; address 10.0.1.1/24 }
endpoint peer { address 10.0.1.241; interface far }
zone underlay { interface uplink }
zone tenant { interface far }
""",
    good="""
vrf acme { table 1000 }
interface uplink { device eth0; address 172.16.0.1/24 }
tunnel shared { type gretap; local 172.16.0.1; shared }
tunnel far { over shared; key 1000; remote 172.16.0.2; vrf acme; address 10.0.1.1/24 }
endpoint peer { address 10.0.1.241; interface far; mac 52:54:00:00:02:41 }
zone underlay { interface uplink }
zone tenant { interface far }
""",
)
