"""Neighbours that a file declares outlast a carrier that goes and comes, so that nothing differs afterwards."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from tests.packets.lab import Lab, Namespace
from tests.packets.observe import wait_until

from flowc.api import compile_files
from flowc.live import apply_state, compare_live, take_down

FILE = """
host gw { offload off }
interface wan { device eth0; address 192.0.2.2/24, 2001:db8::2/64 }
interface lan { device eth1; address 10.0.0.1/24 }
interface made { device made0; veth made1; address 10.0.1.1/24 }
neighbor 192.0.2.1 on wan managed
neighbor 192.0.2.3 on wan 52:54:00:00:00:03
neighbor 2001:db8::1 on wan managed
neighbor 2001:db8::3 on wan 52:54:00:00:00:03
neighbor 10.0.0.3 on lan 52:54:00:00:00:03
neighbor 10.0.1.3 on made managed
zone internet { interface wan }
zone inside { interface lan, made }
policy inside -> internet { accept }
"""
SETTINGS = ("net/ipv4/conf/{}/arp_evict_nocarrier", "net/ipv6/conf/{}/ndisc_evict_nocarrier")


def test_managed_neighbours_stay_when_the_carrier_comes_and_goes(lab: Lab, tmp_path: Path) -> None:
    gw, far = lab.namespaces("gw", "far")
    far.ip(*(f"link add name {device} type veth peer name {device} netns gw" for device in ("eth0", "eth1")))
    file = tmp_path / "gw.flow"
    file.write_text(FILE)
    (state,) = compile_files([file]).states.values()
    apply_state(state, gw.name)
    assert wait_until(lambda: "state LOWERLAYERDOWN " in gw.ip("link show dev made0"))
    assert compare_live(state, gw.name).compared.is_empty
    for word in ("up", "down", "up"):
        far.ip(*(f"link set dev {device} {word}" for device in ("eth0", "eth1")))
        assert wait_until(partial(noticed, gw, word.upper())), word
        assert compare_live(state, gw.name).compared.is_empty, word
    assert [settings(gw, device) for device in ("eth0", "eth1")] == [["0", "0"], ["1", "1"]]
    take_down(netns=gw.name)
    assert settings(gw, "eth0") == ["1", "1"]


def noticed(gw: Namespace, state: str) -> bool:
    """The kernel knows of both carriers."""
    return gw.ip("link show up").count(f"state {state} ") == 2


def settings(gw: Namespace, device: str) -> list[str]:
    with gw.entered():
        return [Path("/proc/sys", one.format(device)).read_text().strip() for one in SETTINGS]
