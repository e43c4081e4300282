"""What `flowc compile -o` wrote for many hosts, loaded into a namespace for each.

Emulation makes processes expensive, and apply.sh is some forty of them: every sixth host is loaded by it, as a user
would, the others by the same tools from the same files in the same order.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import cycle
from pathlib import Path
from typing import NamedTuple

from tests.packets.lab import Lab, Namespace

from flowc.api import write_directory
from flowc.backends import LOADER
from flowc.backends.files import host_folder
from flowc.backends.iproute2 import AFTER_RULESET, IPV6_PREFIX
from flowc.hoststate import HostState

EACH_TOOL = r"""
sed '/^# AFTER$/,$d' ip.batch | ip -batch - &&
nft -f ruleset.nft &&
tc -batch tc.batch &&
sed '/^net.bridge/d' sysctl.conf | sysctl -q -p - && # there only with br_netfilter: apply.sh looks
sed -n 's/^PREFIX//p' ip.batch | ip -6 -batch - &&
sed '1,/^# AFTER$/d' ip.batch | ip -batch -
""".replace("AFTER", AFTER_RULESET).replace("PREFIX", IPV6_PREFIX)

BY_APPLY = (f"./{LOADER.file}",)
BY_TOOLS = ("sh", "-c", EACH_TOOL)
DEVICES = "devices.json"


class Job(NamedTuple):
    name: str
    """In a message."""
    folder: Path
    devices: Sequence[str]
    """Those that have to be there before."""


def written(name: str, states: Mapping[str, HostState], folder: Path) -> list[Job]:
    """Write the hosts of a file to a folder."""
    folder.mkdir()
    write_directory(states, folder)
    found = []
    for host, state in states.items():
        devices = devices_of(state)
        own = folder / host_folder(host)
        (own / DEVICES).write_text(json.dumps(devices))
        found.append(Job(f"{name}, host {host}", own, devices))
    return found


def load_modules() -> None:
    """With a module its settings and a tunnel's fallback device come into all namespaces: here, and not while one is watched."""
    subprocess.run(["modprobe", "-a", "ip_gre", "ip6_gre", "nf_conntrack"], check=True)


def keep_neighbors() -> None:
    """Above so many, of all namespaces together, the kernel forgets managed ones that do not answer (docs/apply.md)."""
    for family in ("ipv4", "ipv6"):
        (Path("/proc/sys/net") / family / "neigh/default/gc_thresh1").write_text("100000")


def devices_of(state: HostState) -> list[str]:
    """Those that have to be there: flowc does not make them."""
    return sorted({link.device for link in state.links if not link.created})


def read(folder: Path) -> Iterator[Job]:
    """Those that were written to the folders in a folder."""
    for file in sorted(folder.glob(f"*/*/{DEVICES}")):
        yield Job(f"{file.parent.relative_to(folder)}", file.parent, json.loads(file.read_text()))


def refused(lab: Lab, jobs: Sequence[Job]) -> list[str]:
    """Load all. What the tools say of those that fail."""
    far, *hosts = lab.namespaces("far", *(f"gw{number}" for number, _ in enumerate(jobs)))
    devices = [(host, device) for host, job in zip(hosts, jobs, strict=True) for device in job.devices]
    far.ip(
        *(
            f"link add name far{number} type veth peer name {device} netns {host.name}"
            for number, (host, device) in enumerate(devices)
        )
    )
    commands: Iterable[tuple[str, ...]] = cycle([BY_APPLY, *[BY_TOOLS] * 5])
    return [text for text in map(load, jobs, hosts, commands) if text]


def load(job: Job, namespace: Namespace, command: tuple[str, ...]) -> str:
    with namespace.entered():
        done = subprocess.run(command, cwd=job.folder, capture_output=True, text=True, timeout=60, check=False)
    if not done.returncode and (command != BY_TOOLS or not done.stderr):
        return ""
    return f"{job.name}: {done.returncode}\n{done.stderr}"
