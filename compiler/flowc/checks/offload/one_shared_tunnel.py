"""The repair of tunnels that each have a key of their own, where tc is to carry what goes through them: tc tells a NIC
the key by a shared tunnel alone, and the kernel makes one of a type.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain, count
from typing import NamedTuple

from flowc.checks.base import Check
from flowc.checks.hosts import is_its_alone
from flowc.checks.links import CHECKS as OF_LINKS
from flowc.diagnostics import Diagnostics, Edit, Fix, fixes
from flowc.ir.addresses import format_address
from flowc.ir.datapath import Stay, Taker, Takers
from flowc.ir.fastpath import FastPath
from flowc.ir.links import Interface, Tunnel, TunnelKind
from flowc.ir.network import Host, Network
from flowc.ir.stack import Stack
from flowc.source import Span

NAME = "overlay"
"""Of the shared tunnel, if nothing is called so."""

OWN_KEY = frozenset({Stay.OWN_KEY, Stay.OWN_KEY_HARDWARE})

SAID_BY_THE_SHARED = ("device", "local", "on", "mtu")
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


def keys_of_one_tunnel(host: Host, network: Network) -> Fix | None:
    """Make the tunnels with offloaded flows keys of a shared one.

    None if that is not right: one may not be a key, or tc would not take all that it leaves for these tunnels now.
    """
    tunnels = [one for one in host.derived(FastPath).interfaces.values() if _has_own_key(one)]
    carriers = [one for one in host.interfaces.values() if isinstance(one.link, Tunnel) and one.link.shared]
    devices = {Device.of(one) for one in (*tunnels, *carriers)}
    keys = {one.link.ikey for one in tunnels if isinstance(one.link, Tunnel)}
    possible = all(_may_be_key(one) and is_its_alone(one.span, host, network) for one in tunnels)
    if not tunnels or not possible or len(devices) > 1 or len(keys) < len(tunnels):
        return None
    (device,) = devices
    name = carriers[0].name if carriers else _free_name(host)
    if not _is_right(host, _with_keys(host, tunnels, name, device)):
        return None
    what = f"`{tunnels[0].name}` a key" if len(tunnels) == 1 else f"these {len(tunnels)} tunnels keys"
    title = f"make {what} of {'the' if carriers else 'a'} shared tunnel `{name}`"
    edits = [edit for one in tunnels for edit in _as_key(one, name)]
    if not carriers:
        edits += fixes.add_above(title, tunnels[0].span, _declaration(name, device)).edits
    return Fix(title, tuple(edits))


def _has_own_key(interface: Interface) -> bool:
    link = interface.link
    return isinstance(link, Tunnel) and link.kind.ethernet and not link.shared and link.over is None


def _may_be_key(interface: Interface) -> bool:
    """It has a key, and nothing of its own that a key has not; what else there is to know, checks say."""
    link = interface.link
    assert isinstance(link, Tunnel)
    return (
        None not in (link.ikey, link.okey, interface.vrf)
        and interface.mac is None
        and not interface.span.source.is_table
    )


def _free_name(host: Host) -> str:
    """What no file says, whatever it may be there."""
    spans = (one.span for some in (host.interfaces, host.zones, host.vrfs, host.pools) for one in some.values())
    texts = {span.source.text for span in (*spans, *(policy.span for policy in host.policies))}
    names = chain([NAME], (f"{NAME}{number}" for number in count(2)))
    return next(name for name in names if not any(re.search(rf"\b{name}\b", text) for text in texts))


def _with_keys(host: Host, tunnels: Sequence[Interface], name: str, device: Device) -> Host:
    """The host as it will be."""
    interfaces = dict(host.interfaces)
    link = Tunnel(
        kind=device.kind,
        local=device.local,
        remote=None,
        ikey=None,
        okey=None,
        ttl=None,
        underlay=device.underlay,
        shared=True,
    )
    first = tunnels[0]
    interfaces.setdefault(
        name, first.model_copy(update={"name": name, "device": name, "link": link, "addresses": (), "vrf": None})
    )
    for one in tunnels:
        over = one.link.model_copy(update={"local": None, "underlay": None, "over": name})
        interfaces[one.name] = one.model_copy(update={"device": one.name, "link": over, "mtu": None})
    return host.model_copy(update={"interfaces": interfaces})


def _is_right(now: Host, then: Host) -> bool:
    """All is allowed, and tc takes what it leaves for these tunnels now."""
    found = Diagnostics()
    for one in OF_LINKS:
        if isinstance(one, Check):
            one.run(then, found)
    if found.has_errors or then.derived(Stack).has_circles:
        return False
    before, after = now.derived(Takers).decisions, then.derived(Takers).decisions
    taken = [sum(one.taker is Taker.TC for one in some) for some in (before, after)]
    return taken[0] < taken[1] and not any(OWN_KEY & {one.stay, one.cause} for one in after)


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
