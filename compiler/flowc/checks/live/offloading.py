"""Which devices a NIC is to carry flows of, for checks of what these can do."""

from __future__ import annotations

from collections.abc import Iterator

from flowc.facts import Link
from flowc.ir.datapath import FlowtableDevices, Redirects
from flowc.ir.datapath.redirects import Redirect
from flowc.ir.links import Interface
from flowc.ir.network import Host, Offload
from flowc.ir.stack import Stack
from flowc.source import Span


def devices_of_flowtable(host: Host) -> list[Interface]:
    """The interfaces of the flowtable, if a NIC is to carry its flows."""
    if host.offload is not Offload.HARDWARE:
        return []
    listed = host.derived(FlowtableDevices).listed
    return [one for one in host.interfaces.values() if one.name in listed]


def devices_of_tc(host: Host) -> list[Interface]:
    """The devices below the interfaces whose packets tc carries, if a NIC is to do it."""
    if host.offload is not Offload.HARDWARE or host.derived(Stack).has_circles:
        return []
    names = host.derived(FlowtableDevices).by_tc
    found = {one.name: one for name in names for one in lowest(host, host.interfaces[name])}
    return list(found.values())


def offloading_devices(host: Host) -> list[Interface]:
    """Those of both."""
    found = {one.name: one for one in (*devices_of_flowtable(host), *devices_of_tc(host))}
    return list(found.values())


def redirects_of_tc(host: Host) -> tuple[Redirect, ...]:
    """The interfaces that tc hands packets on between, if a NIC is to do it."""
    if host.offload is not Offload.HARDWARE or host.derived(Stack).has_circles:
        return ()
    return host.derived(Redirects).groups


def where_asked(host: Host, text: str) -> list[tuple[Span, str]]:
    """The place that asks for hardware, as a finding has it; none if the file does not say it."""
    return [] if host.offload_span is None else [(host.offload_span, text)]


def in_legacy_mode(link: Link) -> bool:
    """It is of a mlx5 NIC whose embedded switch takes no flows."""
    return link.eswitch == "legacy" and (link.driver or "").startswith("mlx5")


def lowest(host: Host, interface: Interface) -> Iterator[Interface]:
    """The devices that it stands on at last."""
    if interface.carrier:
        interface = host.interfaces[interface.carrier]
    below = host.derived(Stack).below(interface)
    for one in below:
        yield from lowest(host, one)
    if not below:
        yield interface
