"""A host that compiled scripts have loaded, and then `flowc apply`: what the scripts made is flowc's, what others made is not.

iproute2 before 6.3 cannot mark addresses, so these are noted beside the kernel.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from tests.packets.lab import Lab, Namespace

from flowc.api import compile_files, write_directory
from flowc.hoststate import HostState
from flowc.live import apply_state, compare_live, take_down

OLD = """
host gw { offload off }
interface wan { device eth0; address 192.0.2.2/24, 192.0.2.3/24, 2001:db8::2/64, 2001:db8::3/64 }
zone internet { interface wan }
policy internet -> self { accept icmp }
"""
NEW = OLD.replace("192.0.2.3/24, ", "").replace(", 2001:db8::3/64", "")
GOING = {"192.0.2.3/24", "2001:db8::3/64"}
STAYING = {"192.0.2.2/24", "2001:db8::2/64"}
FOREIGN = "192.0.2.77/24"


@pytest.fixture
def gw(lab: Lab) -> Namespace:
    """Somebody else's address is on it."""
    (one,) = lab.namespaces("gw")
    one.ip("link add eth0 type veth peer name far0", "link set far0 up", f"addr add {FOREIGN} dev eth0")
    return one


def compiled(text: str, folder: Path) -> HostState:
    file = folder / "gw.flow"
    file.write_text(text)
    result = compile_files([file])
    write_directory(result.states, folder)
    return result.states["gw"]


def addresses(gw: Namespace) -> set[str]:
    words = gw.ip("addr show dev eth0 scope global").split()
    return {after for before, after in pairwise(words) if before in ("inet", "inet6")}


def test_addresses_that_scripts_set_go_with_the_file(gw: Namespace, tmp_path: Path) -> None:
    new, old = compiled(NEW, tmp_path), compiled(OLD, tmp_path)
    gw.run(str(tmp_path / "gw" / "apply.sh"))
    assert addresses(gw) == {FOREIGN, *STAYING, *GOING}
    assert apply_state(old, gw.name).writes == 0
    apply_state(new, gw.name)
    assert addresses(gw) == {FOREIGN, *STAYING}
    assert compare_live(new, gw.name).compared.is_empty
    take_down(netns=gw.name)  # no file is needed for it either
    assert addresses(gw) == {FOREIGN}
    # So it is when all of it is done once more.
    gw.run(str(tmp_path / "gw" / "apply.sh"))
    apply_state(old, gw.name)
    apply_state(new, gw.name)
    assert addresses(gw) == {FOREIGN, *STAYING}


def test_what_was_there_before_flowc_stays(gw: Namespace, tmp_path: Path) -> None:
    new, old = compiled(NEW, tmp_path), compiled(OLD, tmp_path)
    gw.ip("addr add 192.0.2.3/24 dev eth0")
    apply_state(old, gw.name)
    apply_state(old, gw.name)
    apply_state(new, gw.name)
    assert addresses(gw) == {FOREIGN, "192.0.2.3/24", *STAYING}
    take_down(netns=gw.name)
    assert addresses(gw) == {FOREIGN, "192.0.2.3/24"}
