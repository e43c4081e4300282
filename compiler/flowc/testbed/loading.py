"""Make the wires, and load the files of a host: by the tools that apply.sh calls, with fewer processes."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from shutil import which
from tempfile import TemporaryFile

from flowc.ir.links import Device
from flowc.ir.network import Host
from flowc.testbed.model import TestbedError
from flowc.testbed.namespace import Namespace

TOOLS = ("ip", "nft", "tc")
LIMIT = 120.0
"""Seconds that a tool may take."""
AFTER_RULESET = "# ---- from here on: after ruleset.nft is loaded ----"
IPV6_PREFIX = "#-6 "
"""The marks in ip.batch, as the iproute2 backend writes them."""
_POLL = 0.005

OF_WORLD = {
    "net/ipv6/conf/all/disable_ipv6": "1",
    "net/ipv6/conf/default/disable_ipv6": "1",
}
"""The far side is this program alone: its kernel shall say nothing."""

OF_HOST = {
    "net/ipv6/conf/all/accept_dad": "0",  # addresses are of use at once
    "net/ipv6/conf/default/accept_dad": "0",
    "net/ipv6/conf/default/router_solicitations": "0",
    "net/bridge/bridge-nf-call-iptables": "0",
    "net/bridge/bridge-nf-call-ip6tables": "0",
    "net/ipv4/icmp_ratelimit": "0",  # every error is told
    "net/ipv4/icmp_ratemask": "0",
    "net/ipv6/icmp/ratelimit": "0",
    "net/ipv6/icmp/ratemask": "0",
    "net/ipv4/raw_l3mdev_accept": "1",  # what is delivered in a VRF is seen
}

OF_CONNTRACK = {"net/netfilter/nf_conntrack_checksum": "0"}
"""There once its module is loaded. It takes the checksum of UDP-Lite for that of UDP, and all such packets for invalid
(kernel: net/netfilter/nf_conntrack_proto_udp.c, `udplite_error`): what the rules do with them could not be seen.
"""

_FORWARDING = ("net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding")


def missing_tools() -> list[str]:
    """The programs that are needed and not there."""
    return [tool for tool in TOOLS if which(tool) is None]


def connect(gateway: Namespace, world: Namespace, far: Mapping[str, str]) -> None:
    """A veth pair for each device of the host: by its name there, by that of its far end in the world."""
    place = f"/proc/self/fd/{gateway.file}"
    lines = [f"link add name {there} type veth peer name {device} netns {place}" for device, there in far.items()]
    lines += [f"link set dev {there} up" for there in far.values()]
    if lines:
        _run(world, ("ip", "-batch", "-"), "\n".join(lines) + "\n", files=(gateway.file,))


def lease(gateway: Namespace, host: Host) -> dict[str, str]:
    """Give each interface with DHCP an address, and the default route, as a DHCP client would."""
    found: dict[str, str] = {}
    lines: list[str] = []
    wanted = [one for one in host.interfaces.values() if one.dhcp and isinstance(one.link, Device)]
    for at, one in enumerate(wanted):
        found[one.name] = f"198.18.{at}.2/24"  # RFC 2544: for tests, and nobody's
        lines += [
            f"link set dev {one.device} up",
            f"addr add {found[one.name]} dev {one.device}",
            f"route add default via 198.18.{at}.1 dev {one.device} metric {1000 + at}",
        ]
    if lines:
        _run(gateway, ("ip", "-batch", "-"), "\n".join(lines) + "\n")
    return found


def load(gateway: Namespace, folder: Path, meanwhile: Callable[[], object]) -> None:
    """In the order of apply.sh: devices, ruleset, tc, settings, all else, forwarding. Raises TestbedError.

    `meanwhile` is called again and again: the host may ask for its neighbours already.
    """
    before, _, after = _read(folder, "ip.batch").partition(AFTER_RULESET)
    six = "".join(f"{line[len(IPV6_PREFIX) :]}\n" for line in after.splitlines() if line.startswith(IPV6_PREFIX))
    filters, settings = _read(folder, "tc.batch"), _settings(_read(folder, "sysctl.conf"))
    if _commands(before):
        _run(gateway, ("ip", "-batch", "-"), before, meanwhile)
    _run(gateway, ("nft", "-f", str(folder / "ruleset.nft")), None, meanwhile)
    if _commands(filters):
        _run(gateway, ("tc", "-batch", "-"), filters, meanwhile)
    known = {key: value for key, value in settings.items() if not key.startswith("net/bridge/")}
    gateway.settings({key: value for key, value in known.items() if key not in _FORWARDING})
    if six:
        _run(gateway, ("ip", "-6", "-batch", "-"), six, meanwhile)
    if _commands(after):
        _run(gateway, ("ip", "-batch", "-"), after, meanwhile)
    gateway.settings({key: value for key, value in known.items() if key in _FORWARDING})
    gateway.settings(OF_CONNTRACK, where_known=True)


def _read(folder: Path, name: str) -> str:
    path = folder / name
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _commands(text: str) -> bool:
    return any(line and not line.startswith("#") for line in text.splitlines())


def _settings(text: str) -> dict[str, str]:
    pairs = (line.partition("=") for line in text.splitlines() if line and not line.startswith("#"))
    return {key.strip(): value.strip() for key, _, value in pairs}


def _run(
    namespace: Namespace,
    command: Sequence[str],
    text: str | None,
    meanwhile: Callable[[], object] = lambda: None,
    files: Sequence[int] = (),
) -> None:
    with TemporaryFile() as given, TemporaryFile() as said:
        given.write((text or "").encode())
        given.seek(0)
        with namespace.entered():
            try:
                process = subprocess.Popen(command, stdin=given, stdout=said, stderr=said, pass_fds=files)
            except FileNotFoundError:
                raise TestbedError(f"{command[0]} is not installed") from None
        try:
            end = time.monotonic() + LIMIT
            while process.poll() is None and time.monotonic() < end:
                meanwhile()
                time.sleep(_POLL)
        finally:
            if process.poll() is None:
                process.kill()
            status = process.wait()
        if status:
            said.seek(0)
            words = said.read().decode(errors="replace").strip()
            raise TestbedError(f"{' '.join(command)} ended with {status}:\n{words}")
