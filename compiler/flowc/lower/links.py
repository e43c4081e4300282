"""Devices and sysctls."""

from __future__ import annotations

from collections.abc import Iterator

from flowc.hoststate import GreTunnel, Link, LinkKind, NeighborRow, Sysctl
from flowc.ir.addresses import format_address
from flowc.ir.links import Bridge, Interface, Spoofing, Tunnel, Veth, Vlan
from flowc.ir.tables import Table
from flowc.lower.topology import Topology
from flowc.source import Span

_EVICTION = {4: "net/ipv4/conf/{}/arp_evict_nocarrier", 6: "net/ipv6/conf/{}/ndisc_evict_nocarrier"}
"""Whether a device without a carrier loses its neighbours that are not permanent, the managed ones with them
(net/ipv4/arp.c, `arp_netdev_event`; net/ipv6/ndisc.c, `ndisc_netdev_event`). Since 5.16, as managed ones are."""


def links(topology: Topology) -> tuple[Link, ...]:
    """VRFs, then devices in the order in which one can name the other: a parent or underlay before what is on it."""
    host = topology.host
    found = [
        Link(device=vrf.device, kind=LinkKind.VRF, span=vrf.span, table=vrf.table)
        for vrf in sorted(host.vrfs.values(), key=lambda vrf: vrf.device)
    ]
    masters = _bridge_masters(topology)
    done: dict[str, None] = {}

    def visit(interface: Interface) -> None:
        if interface.name in done:
            return
        done[interface.name] = None
        for other in _needs(interface, topology):
            visit(host.interfaces[other])
        found.append(_link(interface, masters.get(interface.name), topology))

    for interface in sorted(host.interfaces.values(), key=lambda one: one.device):
        if not interface.carrier:  # a key is no device
            visit(interface)
    return tuple(found)


def _needs(interface: Interface, topology: Topology) -> list[str]:
    """Names of the interfaces that have to exist first."""
    link = interface.link
    if isinstance(link, Vlan):
        return [link.parent]
    if isinstance(link, Tunnel):
        below = topology.underlay(link)
        return [below.name] if below and below.name != interface.name else []
    return []


def _bridge_masters(topology: Topology) -> dict[str, str]:
    """Port's interface name to the bridge's device."""
    return {
        port: interface.device
        for interface in topology.host.interfaces.values()
        if isinstance(interface.link, Bridge)
        for port in interface.link.ports
    }


def _link(interface: Interface, bridge: str | None, topology: Topology) -> Link:
    link = interface.link
    vrf = topology.vrf(interface.name)
    kind = LinkKind.EXISTING
    vlan, peer, tunnel = None, None, None
    if isinstance(link, Vlan):
        kind, vlan = LinkKind.VLAN, (topology.device(link.parent), link.id)
    elif isinstance(link, Bridge):
        kind = LinkKind.BRIDGE
    elif isinstance(link, Veth):
        kind, peer = LinkKind.VETH, link.peer
    elif isinstance(link, Tunnel):
        kind, tunnel = LinkKind(link.kind.value), _tunnel(link, topology)
    return Link(
        device=interface.device,
        kind=kind,
        span=interface.span,
        master=bridge or (vrf.device if vrf else None),
        mtu=topology.mtu(interface),
        mac=interface.mac,
        vlan=vlan,
        peer=peer,
        tunnel=tunnel,
    )


def _tunnel(link: Tunnel, topology: Topology) -> GreTunnel:
    family = link.kind.outer_family
    return GreTunnel(
        local=None if link.local is None else format_address(family, link.local),
        remote=None if link.remote is None else format_address(family, link.remote),
        ikey=link.ikey,
        okey=link.okey,
        ttl=link.ttl,
        underlay=topology.device(link.underlay) if link.underlay else None,
        external=link.shared,
    )


def sysctls(topology: Topology, neighbors: Table[NeighborRow], *, offload: bool) -> tuple[Sysctl, ...]:
    """Forwarding, and what forwarding with policies of one's own needs (kernel: Documentation/networking/ip-sysctl)."""
    found = [
        # Sending traffic back to the wire it came from is what a policy says, not a mistake to tell the sender of.
        # The effective value is all OR the device's.
        Sysctl("net/ipv4/conf/all/send_redirects", "0", None),
        Sysctl("net/ipv4/ip_forward", "1", None),
    ]
    if topology.uses_ipv6:
        found.append(Sysctl("net/ipv6/conf/all/forwarding", "1", None))
    fronts = {one.name for zone in topology.fronts.zones for one in topology.members(zone)}
    carriers = topology.carriers
    if fronts or carriers:
        # What the host itself answers to a packet with a mark, such as an ICMP error, takes the way of the mark.
        found.append(Sysctl("net/ipv4/fwmark_reflect", "1", None))
        if topology.uses_ipv6:
            found.append(Sysctl("net/ipv6/fwmark_reflect", "1", None))
    unchecked = [one for one in topology.zoned() if one.spoofing is Spoofing.ALLOWED]
    if unchecked:
        found.append(Sysctl("net/ipv4/conf/all/rp_filter", "0", unchecked[0].span))
    if carriers:
        # So does a service that answers what came by a key. There is nothing of the kind for UDP.
        found.append(Sysctl("net/ipv4/tcp_fwmark_accept", "1", carriers[0].span))
    for interface in [*topology.zoned(), *carriers]:
        base = f"net/ipv4/conf/{interface.device}"
        if interface.name in fronts or interface in carriers:
            # The way back is looked up with the mark: the main table may have none to where the packet is from.
            found.append(Sysctl(f"{base}/src_valid_mark", "1", interface.span))
        found.append(Sysctl(f"{base}/send_redirects", "0", interface.span))
        # The ruleset checks sources. The kernel's strict check would look for the way back in one VRF only; the
        # effective value is the larger of all's and the device's, and 2 (loose) is the larger. That still wants a route
        # to the source, which is not what `spoofing allowed` says.
        allowed = interface.spoofing is Spoofing.ALLOWED
        found.append(Sysctl(f"{base}/rp_filter", "0" if allowed else "2", interface.span))
        if interface.dhcp and topology.uses_ipv6:
            # A host that forwards hears router advertisements only with 2.
            found.append(Sysctl(f"net/ipv6/conf/{interface.device}/accept_ra", "2", interface.span))
    # Machines on one bridge talk at layer 2. With br_netfilter loaded the kernel would show their frames to the ruleset as
    # if they were routed, which has no policy for them (kernel: net/bridge/br_netfilter_hooks.c). It is one setting for
    # all bridges, and without the module there is none.
    bridge = next((one for one in topology.host.interfaces.values() if isinstance(one.link, Bridge)), None)
    if bridge:
        keys = ("net/bridge/bridge-nf-call-iptables", "net/bridge/bridge-nf-call-ip6tables")
        found += [Sysctl(key, "0", bridge.span) for key in keys]
    if offload:
        # A flowtable's `counter` counts into conntrack, and only with accounting on when the connection starts.
        found.append(Sysctl("net/netfilter/nf_conntrack_acct", "1", None))
    found += _evictions(neighbors)
    return tuple(sorted(found, key=lambda sysctl: sysctl.key))


def _evictions(neighbors: Table[NeighborRow]) -> Iterator[Sysctl]:
    """Managed neighbours stay while their device has no carrier."""
    managed: dict[str, Span] = {}
    for row in neighbors:
        if row.mac is None:
            managed.setdefault(_EVICTION[row.family].format(row.device), row.span)
    return (Sysctl(key, "0", span) for key, span in managed.items())
