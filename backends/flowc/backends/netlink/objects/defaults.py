"""MTU and MAC of devices as the kernel makes them, where nobody says anything else.

What a file does not say any more becomes again what it would be on a new device. Of tunnels this is not known (the MTU
depends on the routes of the moment), and lowering always says it. The MAC of a pair, a VRF, a tunnel or
a bridge without ports is random, and the one that was set is as good.
"""

from __future__ import annotations

from collections.abc import Mapping

from flowc.backends.iproute2.links import ALIAS
from flowc.backends.netlink.objects.devices import Device
from flowc.hoststate import LinkKind

_ETHERNET = 1500  # linux/if_ether.h, ETH_DATA_LEN
_VRF = (65575, 65536)  # drivers/net/vrf.c: IP6_MAX_MTU of net/ipv6.h, and what it was before
_MACSEC_HEADER = 4  # linux/netdevice.h, `netif_reduces_vlan_mtu`


def mtus(device: Device, devices: Mapping[int, Device]) -> tuple[int, ...]:
    """Those it may have, of which the first is what it is set to; none where it is not known. `devices` are by index."""
    match device.kind:
        case LinkKind.VETH:
            return (_ETHERNET,)
        case LinkKind.VRF:
            return _VRF
        case LinkKind.BRIDGE:  # net/bridge/br_if.c, `br_mtu_min`
            ports = (one.mtu for one in devices.values() if one.master == device.number)
            return (min(ports, default=_ETHERNET),)
        case LinkKind.VLAN:  # net/8021q/vlan_netlink.c, `vlan_newlink`
            return _of_vlan(_parent(device, devices))
    return ()


def _of_vlan(parent: Device | None) -> tuple[int, ...]:
    if parent is None:
        return ()
    if parent.kind == LinkKind.BRIDGE and parent.alias == ALIAS:
        # It had no ports when the VLAN was made, or has had them for long.
        return (parent.mtu, min(parent.mtu, _ETHERNET))
    return (parent.mtu - _MACSEC_HEADER if parent.kind == "macsec" else parent.mtu,)


def mac(device: Device, devices: Mapping[int, Device]) -> str | None:
    """None where it is random, or not known."""
    if device.kind == LinkKind.BRIDGE:  # net/bridge/br_stp_if.c, `br_stp_recalculate_bridge_id`
        return min((one.mac for one in devices.values() if one.master == device.number), default=None)
    parent = _parent(device, devices) if device.kind == LinkKind.VLAN else None
    return parent.mac if parent else None


def _parent(device: Device, devices: Mapping[int, Device]) -> Device | None:
    return None if device.elsewhere else devices.get(device.link)
