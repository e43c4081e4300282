"""`.pre-commit-hooks.yaml`: the commands that pre-commit runs, run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.quick.ci.tools import run
from tests.quick.docs.pages import REPO

HOOKS: list[dict[str, Any]] = yaml.safe_load((REPO / ".pre-commit-hooks.yaml").read_text())
KEYS = {"id", "name", "description", "entry", "language", "files"}
"""Those that are used here, of https://pre-commit.com/#creating-new-hooks."""

NEAT = "zone a { interface b }\ninterface b { device eth0; address 10.0.0.1/24 }\n"


def entry(name: str) -> list[str]:
    (hook,) = [hook for hook in HOOKS if hook["id"] == name]
    return shlex.split(hook["entry"])


def test_hooks_say_what_pre_commit_has_to_know() -> None:
    assert [hook["id"] for hook in HOOKS] == ["flowc-check", "flowc-fmt"]
    for hook in HOOKS:
        assert set(hook) == KEYS
        assert hook["language"] == "python"
        assert all(isinstance(value, str) for value in hook.values())


@pytest.mark.parametrize(
    ("path", "taken"), [("gw.flow", True), ("sites/a/gw.flow", True), ("gw.flow.bak", False), ("flow", False)]
)
def test_hooks_are_for_flow_files(path: str, *, taken: bool) -> None:
    for hook in HOOKS:
        assert (re.search(hook["files"], path) is not None) == taken  # as pre-commit matches


def test_checking_is_silent_about_good_files_and_fails_for_others(tmp_path: Path) -> None:
    (tmp_path / "good.flow").write_text(NEAT)
    (tmp_path / "bad.flow").write_text("zone a { interface b }\n")
    assert run([*entry("flowc-check"), "good.flow"], tmp_path) == (0, "", "")
    status, out, err = run([*entry("flowc-check"), "good.flow", "bad.flow"], tmp_path)
    assert (status, err) == (1, "")
    assert " --> bad.flow:1:20" in out


def test_formatting_changes_the_file_which_stops_the_commit(tmp_path: Path) -> None:
    (tmp_path / "messy.flow").write_text(NEAT.replace(" ", "  "))
    (tmp_path / "neat.flow").write_text(NEAT)
    assert run([*entry("flowc-fmt"), "messy.flow", "neat.flow"], tmp_path) == (0, "", "formatted messy.flow\n")
    assert (tmp_path / "messy.flow").read_text() == NEAT
    assert run([*entry("flowc-fmt"), "messy.flow", "neat.flow"], tmp_path) == (0, "", "")
