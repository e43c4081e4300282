"""Live apply on what the kernel refuses to have twice: a device under a new name, and tunnels that exchange their keys."""

from __future__ import annotations

import pickle
import subprocess
from pathlib import Path

from tests.lab.protocol import prepared
from tests.packets.lab import Lab

from flowc.api import compile_files
from flowc.hoststate import HostState
from flowc.live import apply_state, compare_live, take_down

OLD = """
host gw { }
interface wan { device eth0; address 192.0.2.1/24 }
interface pair { veth far; address 10.8.0.1/24 }
interface tagged { vlan 7 on wan; address 10.7.0.1/24 }
tunnel a { type gretap; key 1; local 192.0.2.1; remote 192.0.2.9; address 10.9.1.1/30 }
tunnel b { type gretap; key 2; local 192.0.2.1; remote 192.0.2.9; address 10.9.2.1/30 }
tunnel c { type gretap; key 3; local 192.0.2.1; remote 192.0.2.9; address 10.9.3.1/30 }
endpoint one { address 10.7.0.7; interface tagged; mac 02:00:00:00:00:07 }
route 10.70.0.0/16 via one
zone inside { interface pair, tagged }
zone outside { interface wan, a, b, c }
policy inside -> outside { accept }
"""
NEW = (
    OLD.replace("pair", "pair2")
    .replace("tagged", "tagged2")
    .replace("key 1", "key 9")
    .replace("key 2", "key 1")
    .replace("key 9", "key 2")
    .replace("tunnel c", "tunnel d")
    .replace("b, c", "b, d")
)


def prepare(folder: Path) -> None:
    for name, text in (("old", OLD), ("new", NEW)):
        file = folder / f"{name}.flow"
        file.write_text(text)
        (folder / f"{name}.pickle").write_bytes(pickle.dumps(compile_files([file]).states["gw"]))


def test_what_there_can_be_only_one_of_gets_another_name(lab: Lab) -> None:
    subprocess.run(["modprobe", "-a", "ip_gre", "8021q"], check=True)
    (gw,) = lab.namespaces("gw")
    gw.ip("link add eth0 type veth peer name far0")
    old, new = (state(name) for name in ("old", "new"))
    for wanted in (old, new, old):
        apply_state(wanted, gw.name)
        assert not len(compare_live(wanted, gw.name).delta)
    take_down(netns=gw.name)


def state(name: str) -> HostState:
    found: HostState = pickle.loads((prepared(__name__) / f"{name}.pickle").read_bytes())  # noqa: S301  # our own
    return found
