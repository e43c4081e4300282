"""What is said of neighbours and endpoints by themselves: where they are, and whose MAC address they have."""

from pathlib import Path

import pytest

from flowc.api import check_files, compile_files

HEAD = """
vrf acme { table 7 }
interface lan { device eth1; address 10.0.0.1/24, fd00::1/64; mac 52:54:00:00:00:01 }
interface wan { device eth0; address 192.0.2.2/24 }
interface cable { device eth2; dhcp }
interface bare { device eth3 }
interface tap { device tap0; address 10.0.0.1/24; vrf acme }
tunnel site { type gretap; local 192.0.2.2; remote 192.0.2.9; address 10.9.0.1/30 }
zone all { interface lan, wan, cable, bare, tap, site }
"""
OFF_LINK, HOST, SHARED = "neighbor-off-link", "neighbor-is-host", "shared-mac"
MAC5, MAC6 = "52:54:00:00:00:05", "52:54:00:00:00:06"


def codes(text: str, folder: Path) -> set[str]:
    file = folder / "gw.flow"
    file.write_text(f"{HEAD}{text}\n", encoding="utf-8")
    known = {OFF_LINK, HOST, SHARED, "duplicate-neighbor"}
    return {one.code.name for one in check_files([file]).diagnostics if one.code.name in known}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("neighbor 10.0.0.5 on lan managed", set()),
        ("neighbor 192.0.2.5 on lan managed", {OFF_LINK}),
        ("neighbor fd00::5 on lan managed", set()),
        ("neighbor fd01::5 on lan managed", {OFF_LINK}),
        ("neighbor fe80::5 on lan managed", set()),
        ("neighbor 198.51.100.7 on cable managed", set()),  # DHCP tells its network
        ("neighbor 198.51.100.7 on bare managed", set()),
        ("neighbor 2001:db8::7 on wan managed", set()),  # nothing is said of IPv6 there
        ("route 198.51.100.7/32 on wan\nneighbor 198.51.100.7 on wan managed", set()),
        ("route 198.51.100.0/24 via 192.0.2.1\nneighbor 198.51.100.7 on wan managed", {OFF_LINK}),
        ("route 198.51.100.7/32 on bare\nneighbor 198.51.100.8 on bare managed", {OFF_LINK}),
        ("neighbor 10.9.0.2 on site managed", set()),
        ("neighbor 10.0.0.1 on lan managed", {HOST}),
        ("neighbor 10.0.0.9 on tap managed", set()),
        ("neighbor 192.0.2.2 on tap managed", {OFF_LINK}),  # another VRF's address is nobody here
        ("neighbor 10.0.0.5 on lan 52:54:00:00:00:01", {HOST}),
        ("neighbor 10.0.0.5 on tap 52:54:00:00:00:01", set()),
        ("endpoint a { address 10.0.0.5; interface lan; mac 52:54:00:00:00:01 }", {HOST}),
        (f"neighbor 10.0.0.5 on lan {MAC5}\nneighbor 10.0.0.6 on lan {MAC5}", {SHARED}),
        (f"neighbor 10.0.0.5 on lan {MAC5}\nneighbor 10.0.0.6 on lan {MAC6}", set()),
        (f"neighbor 10.0.0.5 on lan {MAC5}\nneighbor fd00::5 on lan {MAC5}", set()),  # one machine, both families
        (f"neighbor 10.0.0.5 on lan {MAC5}\nneighbor 10.0.0.5 on tap {MAC5}", set()),
        (
            f"endpoint a {{ address 10.0.0.5, fd00::5; interface lan; mac {MAC5} }}\nneighbor 10.0.0.6 on lan {MAC5}",
            {SHARED},
        ),
        ("endpoint a { address 10.0.0.5; interface lan }\nneighbor a on lan managed", set()),
        (f"endpoint a {{ address 10.0.0.5; interface lan }}\nneighbor 10.0.0.5 on lan {MAC5}", set()),
        (
            f"endpoint a {{ address 10.0.0.5; interface lan; mac {MAC5} }}\nneighbor a on lan managed",
            {"duplicate-neighbor"},
        ),
        (
            "endpoint a { address 10.0.0.5; interface lan }\nendpoint b { address 10.0.0.5; interface lan }",
            {"duplicate-neighbor"},
        ),
    ],
)
def test_neighbors(text: str, found: set[str], tmp_path: Path) -> None:
    assert codes(text, tmp_path) == found


def test_an_endpoint_can_be_kept_resolved(tmp_path: Path) -> None:
    file = tmp_path / "gw.flow"
    text = "endpoint a { address 10.0.0.5, fd00::5; interface lan }\nneighbor a on lan managed\n"
    file.write_text(f"host gw {{ }}\n{HEAD}{text}", encoding="utf-8")
    rows = compile_files([file]).states["gw"].neighbors
    assert [(row.address, row.device, row.mac) for row in rows] == [
        ("10.0.0.5", "eth1", None),
        ("fd00::5", "eth1", None),
    ]


@pytest.mark.parametrize(
    ("text", "needs"),
    [
        ("", []),
        ("neighbor 192.0.2.9 on wan managed", ["5.16"]),
        ("policy all -> all { accept tcp offload }", ["5.7"]),
        ("vrf acme { table 7 }", ["5.6"]),
        ("pool p 198.51.100.0/24 at all\neip 198.51.100.0/25 <-> 192.0.2.0/25", ["5.2", "5.8"]),
    ],
)
def test_an_old_kernel_is_told_what_it_lacks(text: str, needs: list[str], tmp_path: Path) -> None:
    file = tmp_path / "gw.flow"
    head = "host gw { kernel 5.1 }\ninterface wan { device eth0; address 192.0.2.2/24 }\nzone all { interface wan }\n"
    file.write_text(f"{head}{text}\n", encoding="utf-8")
    (one,) = [one for one in check_files([file]).diagnostics if one.code.name == "kernel-too-old"]
    assert [note.split()[3] for note in one.notes] == sorted(["5.6", *needs], key=lambda text: int(text[2:]))
