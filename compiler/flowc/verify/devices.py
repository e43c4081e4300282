"""The devices that offloaded flows go over: there, up, with a carrier, and in the flowtable that is loaded.

What else facts say of a machine (drivers, `hw-tc-offload`, the mode of the switch in a NIC) is found by the checks of
facts (`flowc.checks.live`), and taken over here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from flowc.diagnostics import Diagnostic, Severity
from flowc.facts import Index, Link
from flowc.ir.datapath import FlowtableDevices
from flowc.ir.links import Interface
from flowc.ir.network import Host
from flowc.verify.model import Part, Row, State

_NO_CARRIER = frozenset({"down", "lowerlayerdown", "dormant", "notpresent"})
"""RFC 2863. Tunnels are `unknown`."""
_PARTS = {"FC822": Part.NEIGHBORS, "FC824": Part.TUNNELS, "FC821": Part.TUNNELS}
_OWN = frozenset({"FC811", "FC823", "FC825"})
"""Devices that are missing, next hops and MTUs of tunnels are looked at more closely, elsewhere."""


def flowtable_devices(host: Host, index: Index, listed: Collection[str]) -> Iterator[Row]:
    """One row for each device that the file has in the flowtable; nothing for a host that does not offload."""
    for name in sorted(host.derived(FlowtableDevices).listed):
        interface = host.interfaces[name]
        wrong = trouble(index.links.get(interface.device), interface, listed)
        state = State.WRONG if wrong else State.OK
        why, help_ = wrong or ("up, and in the flowtable", None)
        yield Row(Part.DEVICES, state, interface.device, why, help_, interface.span if wrong else None)


def trouble(link: Link | None, interface: Interface, listed: Collection[str]) -> tuple[str, str] | None:
    """Why no flow over a device is offloaded, and what to do; None if nothing is known of that."""
    device = interface.device
    if link is None:
        return "it is not there, so that no flow over it is offloaded", "make the device, then `flowc apply`"
    if link.up is False:
        return "it is down", f"`ip link set {device} up`"
    if link.operstate in _NO_CARRIER:
        return f"it is up, and has no carrier (operstate {link.operstate})", "look at its cable, or at its other end"
    if device not in listed:
        return (
            "it is not in the flowtable that is loaded: the packets of flows over it pass the rules",
            "`flowc apply` puts it there",
        )
    return None


def by_facts(found: Iterable[Diagnostic]) -> Iterator[Row]:
    """What the checks of facts find of this host (`flowc.api.check_host`), but for what is looked at here more closely."""
    for one in found:
        code = one.code.number
        if code not in _OWN and one.severity > Severity.NOTE:
            why = one.message + (f": {one.primary.text}" if one.primary.text else "")
            yield Row(_PARTS.get(code, Part.DEVICES), State.WRONG, code, why, one.help, one.primary.span, code)
