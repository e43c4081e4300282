"""Settings of devices that flowc made and that a new file keeps are those of a new device. By the kernel of this machine."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.quick.live.namespaces import Network, flowc

from flowc.cli import main

ASKED = """
host gw {{ }}
interface a {{ device v0; veth v1; address 192.0.2.2/24 }}
interface b {{ device v1; veth v0 }}
zone outside {{ interface {zone} }}
neighbor 192.0.2.9 on a {how}
"""
OLD = ASKED.format(zone="a", how="managed")
NEW = ASKED.format(zone="b", how="mac 02:00:00:00:00:09")
RP_FILTER, EVICT, REDIRECTS = (
    f"net/ipv4/conf/v0/{one}" for one in ("rp_filter", "arp_evict_nocarrier", "send_redirects")
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "gw.flow"


def settings(net: Network) -> list[str]:
    return [net.setting(key) for key in (RP_FILTER, EVICT, REDIRECTS)]


def test_what_a_new_file_does_not_ask_for_is_as_on_a_new_device(net: Network, file: Path) -> None:
    fresh = [net.setting(key.replace("/v0/", "/default/")) for key in (RP_FILTER, EVICT, REDIRECTS)]
    assert flowc(net, file, OLD, "apply") == 0
    assert settings(net) == ["2", "0", "0"] != fresh
    assert flowc(net, file, NEW, "apply") == 0
    assert settings(net) == fresh
    assert flowc(net, file, NEW, "diff", "--live") == 0
    assert flowc(net, file, OLD, "apply") == 0
    assert settings(net) == ["2", "0", "0"]


def test_it_is_told_below_the_device(net: Network, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert flowc(net, file, NEW, "apply") == 0
    capsys.readouterr()
    net.setting("net/ipv4/conf/default/rp_filter", "0")
    net.setting(RP_FILTER, "2")
    assert flowc(net, file, NEW, "diff", "--live") == 1
    told = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert told[2].startswith("~ interface a { device v0; ")
    assert told[3:5] == ["~ sysctl     net/ipv4/conf/v0/rp_filter  2 -> 0", ""]


def test_what_flowc_never_sets_somebody_else_has_set(net: Network, file: Path) -> None:
    assert flowc(net, file, NEW, "apply") == 0
    net.setting(RP_FILTER, "1")
    assert flowc(net, file, NEW, "diff", "--live") == 0


def test_an_undone_change_leaves_them_as_they_were(net: Network, file: Path) -> None:
    assert flowc(net, file, OLD, "apply") == 0
    file.write_text(NEW)
    assert main(["apply", str(file), "--netns", net.name, "--confirm", "60s"]) == 0
    assert settings(net) != ["2", "0", "0"]
    assert main(["rollback", "--netns", net.name]) == 0
    assert settings(net) == ["2", "0", "0"]
