"""Make the wires, and load the files of a host: by the tools that apply.sh calls, with fewer processes."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from ipaddress import IPv4Address
from pathlib import Path
from shutil import which
from tempfile import TemporaryFile

from flowc.hoststate.state import FORWARDING
from flowc.ir.leases import leased
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
BEHIND_DECLARED = 1 << 20
"""The metric of what is leased: greater than those of routes that a file declares."""
POLL = 0.005
_CARRIER_LIMIT = 3.0  # seconds
_RESOLUTION_LIMIT = 5.0  # three solicitations take three seconds

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
    for device in far:  # as they are on a host that runs: else nothing passes for a second after loading
        gateway.up(device)


def take(gateway: Namespace, world: Namespace, peers: Mapping[str, str]) -> None:
    """Make the other ends of veth pairs that the host itself made, by its own end, ends in the world."""
    if peers:
        lines = [f"link set dev {peer} netns /proc/self/fd/{world.file}" for peer in peers.values()]
        _run(gateway, ("ip", "-batch", "-"), "\n".join(lines) + "\n", files=(world.file,))
    for peer in peers.values():
        world.up(peer)


def lease(gateway: Namespace, host: Host) -> dict[str, tuple[str, ...]]:
    """Give each interface with DHCP its addresses and default routes, as a provider would.

    IPv4: the one that the file says is leased, else one of 198.18.0.0/15 (RFC 2544). IPv6: one of 2001:2::/48 (RFC 5180), and a router at fe80::1.
    """
    found: dict[str, tuple[str, ...]] = {}
    lines: list[str] = []
    wanted = [one for one in host.interfaces.values() if one.dhcp and isinstance(one.link, Device)]
    for at, one in enumerate(wanted):
        known = leased(host, one)
        four = IPv4Address(f"198.18.{at}.2") if known is None else IPv4Address(known)
        six = f"2001:2:0:{at:x}::2/64"
        found[one.name] = f"{four}/24", six
        router = four + (1 if int(four) & 255 < 254 else -1)
        lines += [
            f"addr add {four}/24 dev {one.device}",
            f"addr add {six} dev {one.device} nodad",
            f"route add default via {router} dev {one.device} metric {BEHIND_DECLARED + at}",
            f"route add default via fe80::1 dev {one.device} metric {BEHIND_DECLARED + at}",
        ]
    if lines:
        _run(gateway, ("ip", "-batch", "-"), "\n".join(lines) + "\n")
    return found


def settle(gateway: Namespace, devices: Sequence[str], meanwhile: Callable[[], object]) -> None:
    """Wait until devices carry packets: the kernel looks after them once a second (net/core/link_watch.c).

    And until their link-local addresses are of use, which takes a work queue even where nobody looks for duplicates: before,
    the kernel does not ask for a neighbour (`ndisc_send_ns` in net/ipv6/ndisc.c), and a second passes until it does again.
    """
    end = time.monotonic() + _CARRIER_LIMIT
    waiting = list(devices)
    while waiting and time.monotonic() < end:
        tentative = gateway.tentative()
        waiting = [device for device in waiting if device in tentative or not gateway.running(device)]
        if waiting:
            meanwhile()
            time.sleep(POLL)


def resolve(gateway: Namespace, meanwhile: Callable[[], object]) -> None:
    """Wait until the kernel knows the neighbours that it looks for, or has given them up.

    A solicitation that could not leave, as there was no carrier or no link-local address yet, is repeated after a second
    (RETRANS_TIMER of RFC 4861); until then what goes to that neighbour waits, or takes another default route.
    """
    end = time.monotonic() + _RESOLUTION_LIMIT
    while time.monotonic() < end:
        if not _run(gateway, ("ip", "neigh", "show", "nud", "incomplete"), None, meanwhile).strip():
            return
        meanwhile()


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
    switches = {key: settings.pop(key) for key in FORWARDING if key in settings}
    bridges = {key: settings.pop(key) for key in list(settings) if key.startswith("net/bridge/")}
    gateway.settings(bridges, where_known=True)  # there with br_netfilter alone
    gateway.settings(settings)
    if six:
        _run(gateway, ("ip", "-6", "-batch", "-"), six, meanwhile)
    if _commands(after):
        _run(gateway, ("ip", "-batch", "-"), after, meanwhile)
    gateway.settings(switches)
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
) -> str:
    """What the tool said. Raises TestbedError if it failed."""
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
                time.sleep(POLL)
        finally:
            if process.poll() is None:
                process.kill()
            status = process.wait()
        said.seek(0)
        words = said.read().decode(errors="replace")
        if status:
            raise TestbedError(_told(command, words, text or ""))
        return words


def _told(command: Sequence[str], words: str, text: str) -> str:
    """What a tool said, and the line of its input that it said it of."""
    failed = re.search(r"^Command failed -:(\d+)$", words, re.MULTILINE)
    lines = text.splitlines()
    at = int(failed[1]) if failed else 0
    said = [line.strip() for line in words.splitlines() if line.strip() and not line.startswith("Command failed")]
    where = f" (in: {lines[at - 1].strip()})" if 0 < at <= len(lines) else ""
    return f"{command[0]}: {'; '.join(said) or 'failed without a word'}{where}"
