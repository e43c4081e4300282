"""The repair of tunnels that each have a key of their own, where a NIC is to carry what goes through them: it is told keys
by a shared tunnel alone, and the kernel makes one of a type.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, count
from typing import NamedTuple

from flowc.checks.base import Check
from flowc.checks.hosts import is_its_alone
from flowc.checks.links import CHECKS as OF_LINKS
from flowc.diagnostics import Diagnostic, Diagnostics, Edit, Fix, Severity, fixes
from flowc.ir.addresses import WIDTH, Family, format_address
from flowc.ir.datapath import Candidates, Datapaths, Entrances, FlowtableDevices, Taker, Takers
from flowc.ir.fastpath import FastPath
from flowc.ir.links import Interface, Spoofing, Tunnel, TunnelKind
from flowc.ir.network import Host, Network
from flowc.ir.stack import Stack
from flowc.source import Span

SAID_BY_THE_SHARED = ("local", "on", "mtu")
"""Options that a key has none of: those of its device, which is the shared tunnel."""


class Device(NamedTuple):
    """What the keys of a shared tunnel have in common."""

    kind: TunnelKind
    local: int | None
    underlay: str | None
    mtu: int | None

    @classmethod
    def of(cls, tunnel: Interface) -> Device:
        link = tunnel.link
        assert isinstance(link, Tunnel)
        return cls(link.kind, link.local, link.underlay, tunnel.mtu)


def keys_of_one_tunnel(host: Host, network: Network) -> Mapping[str, Fix]:
    """For each tunnel with offloaded flows that has a key of its own, by name: make it a key of one for all of them.

    Empty if that is not right for each of them: it may not be a key, machines behind it would not be reached any more, or tc
    would not take all that is offloaded in its VRF.
    """
    tunnels = [one for one in host.derived(FastPath).interfaces.values() if _has_own_key(one)]
    tunnels.sort(key=lambda one: (one.span.source.name, one.span.start))
    kinds = {one.link.kind for one in tunnels if isinstance(one.link, Tunnel)}
    names = {one.name for one in tunnels}
    others = [one for one in host.interfaces.values() if one.name not in names and isinstance(one.link, Tunnel)]
    carriers = [one for one in others if isinstance(one.link, Tunnel) and one.link.shared and one.link.kind in kinds]
    devices = {Device.of(one) for one in (*tunnels, *carriers)}
    if len(devices) != 1 or not all(_is_here(one.span, host, network) for one in tunnels):
        return {}
    (device,) = devices
    name = carriers[0].name if carriers else _free_name(f"{device.kind}-keys", host)
    taken = [one.link.ikey for one in others if isinstance(one.link, Tunnel) and one.link.over == name]
    taken += [one.link.ikey for one in tunnels if isinstance(one.link, Tunnel)]
    below = {one.name for other in host.interfaces.values() for one in host.derived(Stack).below(other)}
    if len(set(taken)) < len(taken) or not all(_may_be_key(one, host) and one.name not in below for one in tunnels):
        return {}
    if not _is_right(host, _with_keys(host, tunnels, name, device), names):
        return {}
    title = f"make `{{}}` a key of {'the' if carriers else 'a'} shared tunnel `{name}`"
    made = None if carriers else fixes.add_below(title, tunnels[0].span, _declaration(name, device))
    more = made.edits if made is not None else ()
    return {one.name: Fix(title.format(one.name), (*_as_key(one, name), *more)) for one in tunnels}


def _is_here(span: Span, host: Host, network: Network) -> bool:
    """It is this host's alone, and in the file with its block: what is included may be another's, too."""
    return host.span is not None and span.source is host.span.source and is_its_alone(span, host, network)


def _has_own_key(interface: Interface) -> bool:
    link = interface.link
    return isinstance(link, Tunnel) and link.kind.ethernet and not link.shared and link.over is None


def _may_be_key(interface: Interface, host: Host) -> bool:
    """It has a key, nothing of its own that a key has not, and no machine behind it that the file does not name."""
    link = interface.link
    assert isinstance(link, Tunnel)
    bare = interface.mac is None and interface.device == interface.name and interface.spoofing is not Spoofing.ALLOWED
    return bare and None not in (link.ikey, link.okey, interface.vrf) and _names_all(interface, host)


def _names_all(interface: Interface, host: Host) -> bool:
    """A key reaches who is declared alone: so all addresses of its networks are."""
    named = host.derived(_named).get(interface.name, set())
    own = {(4 if one.version == 4 else 6, int(one.ip)) for one in interface.addresses}
    for prefix in interface.prefixes:
        low, high = prefix.range
        nobodys = 2 if prefix.family == 4 and prefix.length < WIDTH[4] - 1 else 0
        known = sum(family == prefix.family and low <= address <= high for family, address in named | own)
        if known < high - low + 1 - nobodys:
            return False
    return True


def _named(host: Host) -> Mapping[str, set[tuple[Family, int]]]:
    """The addresses of machines, by interface."""
    found: dict[str, set[tuple[Family, int]]] = {}
    for (_, family, address), interface, _ in host.derived(Candidates).named():
        found.setdefault(interface, set()).add((family, address))
    return found


def _free_name(wanted: str, host: Host) -> str:
    """What nothing of the host is called, as far as it is known here: of a service, only where its file has zones."""
    named = (host.interfaces, host.zones, host.vrfs, host.pools)
    spans = [*(one.span for some in named for one in some.values()), *(policy.span for policy in host.policies)]
    texts = {span.source.text for span in spans}
    known = {*host.endpoints.column("name"), *host.named_addresses, *host.named_ports}
    names = chain([wanted], (f"{wanted}{number}" for number in count(2)))
    return next(one for one in names if one not in known and not any(re.search(rf"\b{one}\b", text) for text in texts))


def _with_keys(host: Host, tunnels: Sequence[Interface], name: str, device: Device) -> Host:
    """The host as it will be."""
    interfaces = dict(host.interfaces)
    for one in tunnels:
        over = one.link.model_copy(update={"local": None, "underlay": None, "over": name})
        interfaces[one.name] = one.model_copy(update={"link": over, "mtu": None})
    if name not in interfaces:
        own = {"remote": None, "ikey": None, "okey": None, "ttl": None}
        link = tunnels[0].link.model_copy(update={**own, "shared": True})
        bare = {"name": name, "device": name, "link": link, "addresses": (), "vrf": None, "mtu": device.mtu}
        interfaces[name] = tunnels[0].model_copy(update=bare)
    return host.model_copy(update={"interfaces": interfaces})


def _is_right(now: Host, then: Host, tunnels: set[str]) -> bool:
    """Nothing new is found of links, nothing is carried by less than it was, and tc takes all that these VRFs offload."""
    if then.derived(Stack).has_circles or not _findings(then) <= _findings(now):
        return False
    order = list(Taker)
    before = {one[:4]: order.index(one.taker) for one in now.derived(Takers).decisions}
    if any(order.index(one.taker) > before.get(one[:4], 0) for one in then.derived(Takers).decisions):
        return False
    vrfs = {then.interfaces[name].vrf for name in tunnels}
    insides = [one for one in then.derived(Candidates).insides.values() if one.target[0] in vrfs]
    if any(then.derived(Datapaths).stay(one.target) is not None for one in insides):
        return False
    outside = {name for name in then.derived(Entrances).outside if then.derived(Entrances).obstacle(name) is None}
    offloaded = {name for name in now.derived(FastPath).interfaces if now.interfaces[name].vrf in vrfs}
    return bool(insides) and offloaded <= {*outside, *then.derived(FlowtableDevices).only_tcs}


def _findings(host: Host) -> set[Diagnostic]:
    """Warnings and errors of its links."""
    found = Diagnostics()
    for one in OF_LINKS:
        if isinstance(one, Check):
            one.run(host, found)
    return {one for one in found.items if one.severity > Severity.NOTE}


def _declaration(name: str, device: Device) -> str:
    kind, local, underlay, mtu = device
    assert local is not None
    options = [f"type {kind}", f"local {format_address(kind.outer_family, local)}"]
    options += [f"on {underlay}"] * (underlay is not None) + [f"mtu {mtu}"] * (mtu is not None)
    return f"tunnel {name} {{ {'; '.join(options)}; shared }}"


def _as_key(tunnel: Interface, name: str) -> Iterator[Edit]:
    """`over` in place of its type, and without what the shared tunnel says; options side by side go as one."""
    options = sorted(tunnel.options, key=lambda option: option[1].start)
    runs: list[Span] = []
    last = None
    for keyword, span in options:
        if keyword == "type":
            yield Edit(span, re.sub(r"^type(\s+)\S+$", rf"over\g<1>{name}", span.text))
        elif keyword in SAID_BY_THE_SHARED and last is not None and _side_by_side(last, span):
            runs[-1] = Span(span.source, runs[-1].start, span.end)
        elif keyword in SAID_BY_THE_SHARED:
            runs.append(span)
        last = span if keyword in SAID_BY_THE_SHARED else None
    for run in runs:
        yield from fixes.remove("", run).edits


def _side_by_side(one: Span, other: Span) -> bool:
    """On one line or the next, with nothing between them that somebody may want to keep."""
    return not one.source.text[one.end : other.start].strip("; \t\n")
