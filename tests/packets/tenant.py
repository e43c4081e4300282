"""The gateway of `examples/tenant-eip.flow`, applied live, with a VM and a peer at the other end of its tunnel."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from tests.packets.gateway import EXAMPLES
from tests.packets.lab import Lab, Namespace

from flowc.api import compile_files
from flowc.diagnostics.render_text import render_text
from flowc.hoststate import HostState
from flowc.ir.network import Host
from flowc.live import apply_state

EXAMPLE = (EXAMPLES / "tenant-eip.flow").read_text()
VM, PEER, GW_OUTER, PEER_OUTER = "10.0.0.75", "10.0.1.241", "172.168.152.75", "172.168.152.241"
EIP = "2.2.2.11"


class Wanted(NamedTuple):
    """What the only host of a file shall be, and what that is lowered from."""

    state: HostState
    host: Host


class Tenant(NamedTuple):
    gw: Namespace
    vm: Namespace
    peer: Namespace
    folder: Path
    """For files, until the end of the test."""


def connected(lab: Lab) -> Tenant:
    """The machines, and a gateway that is nothing yet. The peer's tunnel is down."""
    gw, vm, peer = lab.namespaces("gw", "vm", "peer")
    lab.connect((gw.port("eth0"), peer.port("eth0", f"{PEER_OUTER}/24")))
    plug_in(lab, gw, vm)
    peer.ip(
        f"link add gt0 address 52:54:00:00:02:41 type gretap local {PEER_OUTER} remote {GW_OUTER} key 1000",
        f"addr add {PEER}/24 dev gt0",
    )
    return Tenant(gw, vm, peer, Path(gw.keep(TemporaryDirectory())))


def plug_in(lab: Lab, gw: Namespace, vm: Namespace, mac: str = "52:54:00:00:00:01") -> None:
    """The wire of the VM, as when it starts."""
    lab.connect((gw.port("tap75", mac=mac), vm.port("eth0", f"{VM}/24", mac="52:54:00:00:00:75")))
    vm.ip("route add default via 10.0.0.1")


def reach(peer: Namespace) -> None:
    """The peer's tunnel comes up, and what is behind it is known.

    Not before the gateway is what its file says: a tunnel whose other end does not answer fails packets for half a minute
    (linux/if_tunnel.h, IPTUNNEL_ERR_TIMEO).
    """
    peer.ip("link set gt0 up", "route add 2.2.2.0/24 via 10.0.1.1")


def wanted(tenant: Tenant, text: str) -> Wanted:
    """Of a file with this text."""
    result = compile_files([written(tenant, text)])
    assert not result.diagnostics.has_errors, render_text(result.diagnostics)
    (state,) = result.states.values()
    return Wanted(state, result.network.hosts[0])


def written(tenant: Tenant, text: str) -> Path:
    """A file with this text; always the same one."""
    file = tenant.folder / "tenant.flow"
    file.write_text(text)
    return file


def running(lab: Lab) -> Tenant:
    """All of it, and packets pass."""
    tenant = connected(lab)
    apply_state(wanted(tenant, EXAMPLE).state, tenant.gw.name)
    reach(tenant.peer)
    return tenant
