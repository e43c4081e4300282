"""The units of systemd: they parse, they are ordered before the network, and what they start is a command of flowc."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from tests.quick.docs.pages import REPO

from flowc.backends.live.scope import is_managed, move_to_scope, start_scope
from flowc.cli.arguments import COMMANDS, build_parser

FOLDER = REPO / "share" / "systemd"
UNITS = sorted(path.name for path in FOLDER.iterdir())


def unit(name: str) -> Mapping[str, Sequence[str]]:
    """The settings of a unit, each with its values: systemd.syntax(7) without the lines that go on."""
    found: dict[str, list[str]] = {}
    section = None
    for line in (FOLDER / name).read_text(encoding="utf-8").splitlines():
        if not line or line.startswith(("#", ";")):
            continue
        assert not line.endswith("\\")
        if line.startswith("["):
            section = line.strip("[]")
            continue
        key, equals, value = line.partition("=")
        assert section
        assert equals, line
        found.setdefault(f"{section}.{key}", []).extend([value] if key.startswith("Exec") else value.split())
    return found


def test_these_are_the_units() -> None:
    assert UNITS == ["flowc-apply@.service", "flowc-verify@.service", "flowc-verify@.timer"]


@pytest.mark.parametrize("name", UNITS)
def test_what_is_started_is_a_command_of_flowc(name: str) -> None:
    known = {command.NAME for command in COMMANDS}
    for key, values in unit(name).items():
        for line in values if key.startswith("Service.Exec") else ():
            flowc, *words = line.split()
            assert flowc == "flowc"
            if words[0] not in known:
                pytest.skip(f"there is no `flowc {words[0]}` yet")
            build_parser().parse_args(words)


def test_a_file_is_applied_before_the_network_is_up() -> None:
    apply = unit("flowc-apply@.service")
    assert apply["Unit.Wants"] == ["network-pre.target"]
    assert set(apply["Unit.Before"]) == {"network-pre.target", "shutdown.target"}
    assert apply["Unit.Conflicts"] == ["shutdown.target"]
    assert apply["Unit.DefaultDependencies"] == ["no"]
    assert {"local-fs.target", "nftables.service"} <= set(apply["Unit.After"])
    assert apply["Install.WantedBy"] == ["sysinit.target"]
    assert apply["Service.RemainAfterExit"] == apply["Service.RuntimeDirectoryPreserve"] == ["yes"]
    assert apply["Service.RuntimeDirectory"] == ["flowc"]
    assert "Service.ExecStop" not in apply


def test_it_has_the_rights_that_it_needs_and_no_others() -> None:
    apply, verify = unit("flowc-apply@.service"), unit("flowc-verify@.service")
    assert set(apply["Service.CapabilityBoundingSet"]) == {"CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_SYS_MODULE"}
    assert set(verify["Service.CapabilityBoundingSet"]) == {"CAP_NET_ADMIN", "CAP_NET_RAW"}
    assert apply["Service.ProtectKernelTunables"] == ["no"]  # with yes, /proc/sys is read-only
    assert "Service.ProtectKernelModules" not in apply
    for one in (apply, verify):
        assert one["Service.NoNewPrivileges"] == ["yes"]
        assert one["Service.ProtectSystem"] == ["strict"]
        assert one["Service.RestrictNamespaces"] == ["user", "net"]  # nft.live.running makes both


def test_systemd_finds_nothing_wrong(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    for name in UNITS:
        text = (FOLDER / name).read_text(encoding="utf-8")
        (tmp_path / name.replace("@.", "@gw.")).write_text(text.replace("=flowc ", "=/bin/true "))
    run = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *sorted(map(str, tmp_path.iterdir()))],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert [line for line in run.stderr.splitlines() if "flowc" in line] == []


# ---- the unit of a guard


def test_a_running_process_is_put_into_a_scope() -> None:
    """As org.freedesktop.systemd1(5) has it: name, mode, an array of (name, variant), and an empty array."""
    command = start_scope(4711, "flowc-guard-17.scope")
    assert command[:9] == [
        "busctl", "--system", "--timeout=5", "--quiet", "call",
        "org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager", "StartTransientUnit",
    ]  # fmt: skip
    assert command[9:13] == ["ssa(sv)a(sa(sv))", "flowc-guard-17.scope", "fail", "3"]
    assert command[13:15] == ["Description", "s"]
    assert command[16:] == ["PIDs", "au", "1", "4711", "CollectMode", "s", "inactive-or-failed", "0"]


def test_without_systemd_it_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "No such file or directory" in (move_to_scope(1, "flowc-guard-17.scope") or "")
    busctl = tmp_path / "busctl"
    busctl.write_text("#!/bin/sh\necho 'Access\n denied' >&2; exit 1\n")
    busctl.chmod(0o755)
    assert move_to_scope(1, "flowc-guard-17.scope") == "Access denied"
    busctl.write_text("#!/bin/sh\n")
    assert move_to_scope(1, "flowc-guard-17.scope") is None


def test_whether_systemd_manages_it_is_known() -> None:
    assert is_managed() in (True, False)
