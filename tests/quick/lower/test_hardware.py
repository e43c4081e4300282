"""What lowering has a NIC do is what a driver takes (flowc.ir.drivers; docs/adr/0014-tc-datapath.md, Drivers)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.datapaths import VARIANTS
from tests.generate.seeded import files_of_tc

from flowc.api import compile_files
from flowc.backends.tc.actions import written
from flowc.hoststate import FlowerFilter
from flowc.hoststate.tc import Checksum, Checksums, CtState, Goto, Pedit, Placement, Redirect, TunnelSet, TunnelUnset
from flowc.ir.drivers import LIMITS

MLX5 = LIMITS["mlx5_core"]
CHECKSUMS = Checksums.IP4H | Checksums.TCP | Checksums.UDP


def in_nic(text: str, folder: Path) -> list[FlowerFilter]:
    file = folder / "gw.flow"
    file.write_text(text, encoding="utf-8")
    states = compile_files([file]).states.values()
    return [one for state in states for one in state.filters if one.placement is not Placement.SOFTWARE]


def refused(one: FlowerFilter) -> Iterator[str]:
    """Why mlx5 does not take a filter, by each of its rules."""
    kinds = list(map(type, one.actions))
    for text in map(written, one.actions):
        if not any(text == known or text.startswith(f"{known} ") for known in MLX5.actions):
            yield text
    if one.match.ct_state is not None and one.match.ct_state.mask & ~states():
        yield f"ct_state {one.match.ct_state}"
    for at, action in enumerate(one.actions):
        if isinstance(action, Checksum) and (Pedit not in kinds[:at] or action.of & ~CHECKSUMS):
            yield "a checksum of what is not changed"
        if isinstance(action, TunnelSet) and kinds[at + 1 :] != [Redirect]:
            yield "encapsulation without a device"
    if TunnelUnset in kinds and Goto in kinds:
        yield "decapsulation, and on to a chain"


def states() -> int:
    """All bits that it matches."""
    return sum(CtState[name.upper()] for name in MLX5.ct_states)


def hardware(text: str) -> str:
    """With one MTU for keys and all others: a NIC does not measure packets."""
    assert "datapath tc" in text
    text = text.replace("offload software; ", "").replace("datapath tc", "offload hardware; datapath tc", 1)
    return text.replace("shared; ", "shared; mtu 1500; ").replace("shared }", "shared; mtu 1500 }")


@pytest.mark.parametrize("name", ["nat-gateway", "shared-tunnel", "two-tenants"])
def test_of_examples(name: str, tmp_path: Path) -> None:
    found = in_nic(hardware(VARIANTS[name]()), tmp_path)
    assert [(one, why) for one in found for why in refused(one)] == []
    assert any(isinstance(action, Redirect) for one in found for action in one.actions)


@pytest.mark.slow
def test_of_drawn_files(tmp_path: Path) -> None:
    """Of which some have devices of software alone, and are refused."""
    found = [one for text in files_of_tc(2, 6) for one in in_nic(hardware(text), tmp_path)]
    assert found
    assert [(one, why) for one in found for why in refused(one)] == []
