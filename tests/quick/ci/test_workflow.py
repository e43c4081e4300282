"""`.github/workflows/flowc.yml`: what it may do, and its steps run as a runner runs them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.quick.ci.tools import Done, run
from tests.quick.docs.pages import REPO, Page

from flowc.cli.arguments import build_parser
from flowc.cli.introspect import actions, commands

FILE = REPO / ".github" / "workflows" / "flowc.yml"
TEXT = FILE.read_text()
WORKFLOW: dict[Any, Any] = yaml.safe_load(TEXT)
INPUTS: dict[str, Any] = WORKFLOW[True]["workflow_call"]["inputs"]  # YAML 1.1 reads the key `on` as true
JOB: dict[str, Any] = WORKFLOW["jobs"]["flowc"]
STEPS: list[dict[str, Any]] = JOB["steps"]
DOCUMENTATION = Page(REPO / "docs" / "ci.md")

GOOD = "zone a { interface b }\ninterface b { device eth0; address 10.0.0.1/24 }\n"
BAD = "zone a { interface b }\n"


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A repository with files, and the runner's folder for temporary ones."""
    folder = tmp_path / "repository"
    (folder / "sites" / "x").mkdir(parents=True)
    (folder / "good.flow").write_text(GOOD)
    (folder / "sites" / "x" / "main.flow").write_text(f"host left  {{ }}\nhost right {{ }}\n{GOOD}")
    (tmp_path / "temp").mkdir()
    return folder


def step(name: str) -> dict[str, Any]:
    (found,) = [one for one in STEPS if one.get("name") == name]
    return found


def run_step(name: str, folder: Path, **variables: str) -> Done:
    """Runs the script of a step in the way of https://docs.github.com/actions/reference/workflow-syntax (shell: bash)."""
    script = folder.parent / "step.sh"
    script.write_text(step(name)["run"])
    defaults = {"FILES": INPUTS["files"]["default"], "PATHS": INPUTS["paths"]["default"], "HOST": ""}
    environment = defaults | {"RUNNER_TEMP": str(folder.parent / "temp")} | variables
    return run(["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)], folder, **environment)


def needs_format(name: str) -> pytest.MarkDecorator:
    """For what uses a form of output that `flowc check` has to have."""
    (option,) = [one for one in actions(commands(build_parser())["check"]) if "--format" in one.option_strings]
    return pytest.mark.skipif(name not in (option.choices or ()), reason=f"flowc check has no --format {name}")


# ---- what it may do


def test_every_action_is_pinned_to_a_commit() -> None:
    used = re.findall(r"uses: (\S+)(.*)", TEXT)
    assert len(used) == 4
    for action, comment in used:
        assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action)
        assert re.fullmatch(r"  # v\d+\.\d+\.\d+", comment)


def test_permissions_are_no_more_than_needed() -> None:
    assert WORKFLOW["permissions"] == {}
    assert JOB["permissions"] == {"contents": "read", "security-events": "write"}
    checkout = STEPS[0]
    assert checkout["with"] == {"persist-credentials": False}


def test_no_script_is_made_of_inputs() -> None:
    """What stands in `${{ }}` becomes part of the script before a shell sees it."""
    scripts = [one["run"] for one in STEPS if "run" in one]
    assert len(scripts) == 5
    assert not any("${{" in script for script in scripts)


def test_every_input_is_declared_used_and_documented() -> None:
    assert set(re.findall(r"inputs\.(\w+)", TEXT)) == set(INPUTS)
    rows = re.findall(r"^\| `(\w+)` \|.* \| (.*) \|$", DOCUMENTATION.path.read_text(), re.MULTILINE)
    assert {name for name, _ in rows} == set(INPUTS)
    for name, shown in rows:
        assert INPUTS[name]["description"]
        default = INPUTS[name]["default"]
        if default != "":
            assert shown == f"`{str(default).lower() if isinstance(default, bool) else default}`"


def test_the_documentation_calls_it_as_it_can_be_called() -> None:
    blocks = [yaml.safe_load(block.text) for block in DOCUMENTATION.blocks if block.language == "yaml"]
    (call,) = [block["jobs"]["network"] for block in blocks if "jobs" in block]
    assert call["uses"].partition("@")[0].endswith(FILE.relative_to(REPO).as_posix())
    assert call["permissions"] == JOB["permissions"]
    assert set(call["with"]) <= set(INPUTS)
    hooks = {hook["id"] for hook in yaml.safe_load((REPO / ".pre-commit-hooks.yaml").read_text())}
    configured = [hook["id"] for block in blocks if "repos" in block for one in block["repos"] for hook in one["hooks"]]
    assert configured
    assert set(configured) == hooks


def test_conditions_name_steps_that_exist() -> None:
    named = {name for one in STEPS for name in re.findall(r"steps\.(\w+)\.", str(one.get("if", "")))}
    assert named == {one["id"] for one in STEPS if "id" in one}


# ---- its steps


def test_the_version_is_installed_if_there_is_one(here: Path) -> None:
    recorder = here / ".tools" / "python"
    recorder.parent.mkdir()
    recorder.write_text('#!/bin/sh\nprintf "%s\\n" "$*"\n')
    recorder.chmod(0o755)
    own = "flowc @ git+https://github.com/o/flowc@0123"
    asked = run_step("Install flowc", here, OWN=own, VERSION="")
    assert (asked.status, asked.stdout) == (0, f"-m pip install --quiet -- {own}\n")
    asked = run_step("Install flowc", here, OWN=own, VERSION="flowc==0.1.0; rm -rf /")
    assert (asked.status, asked.stdout) == (0, "-m pip install --quiet -- flowc==0.1.0; rm -rf /\n")


@needs_format("github")
def test_findings_become_annotations_of_paths_from_the_top(here: Path) -> None:
    assert run_step("Check", here).status == 0
    (here / "sites" / "bad.flow").write_text(BAD)
    done = run_step("Check", here, FILES="*.flow sites/*.flow")
    assert done.status == 1
    assert "::error file=sites/bad.flow,line=1," in done.stdout


def test_no_file_at_all_is_a_failure(here: Path) -> None:
    """A pattern that matches nothing would be green for ever."""
    done = run_step("Check", here, FILES="*.flaw")
    assert (done.status, done.stdout) == (2, "::error::no file is *.flaw\n")


@needs_format("github")
def test_what_is_in_an_input_is_not_run(here: Path) -> None:
    done = run_step("Check", here, FILES="$(touch owned) `touch owned` ;touch owned")
    assert done.status == 2
    assert not (here / "owned").exists()


@needs_format("sarif")
def test_findings_are_described_for_code_scanning_whether_there_are_some_or_not(here: Path) -> None:
    report = here.parent / "temp" / "flowc.sarif"
    assert run_step("Describe the findings", here) == (0, "", "")
    assert json.loads(report.read_text())["runs"][0]["results"] == []
    (here / "bad.flow").write_text(BAD)
    assert run_step("Describe the findings", here) == (0, "", "")
    assert len(json.loads(report.read_text())["runs"][0]["results"]) == 1
    assert str(report) == step("Upload the findings")["with"]["sarif_file"].replace(
        "${{ runner.temp }}", str(here.parent / "temp")
    )


@needs_format("sarif")
def test_a_check_that_cannot_run_is_a_failure(here: Path) -> None:
    done = run_step("Describe the findings", here, FILES="missing.flow")
    assert done.status != 0
    assert "missing.flow" in done.stderr


def test_the_layout_is_shown_and_nothing_is_written(here: Path) -> None:
    assert run_step("Layout", here) == (0, "", "")
    (here / "sites" / "messy.flow").write_text("vrf a{table 1}\n")
    done = run_step("Layout", here)
    assert done.status == 1
    assert "+vrf a { table 1 }\n" in done.stdout
    assert run_step("Layout", here, PATHS="good.flow sites/x").status == 0


def test_no_path_at_all_is_a_failure(here: Path) -> None:
    done = run_step("Layout", here, PATHS="*.flaw none*")
    assert (done.status, done.stdout) == (2, "::error::no file or folder is *.flaw none*\n")


def test_two_calls_in_a_run_can_keep_apart_what_they_upload() -> None:
    assert INPUTS["name"]["default"] == "flowc"
    assert step("Upload the findings")["with"]["category"] == "${{ inputs.name }}"
    assert step("Keep the scripts")["with"]["name"] == "${{ inputs.name }}"


def test_scripts_of_each_file_and_host_are_kept(here: Path) -> None:
    assert run_step("Compile", here, FILES="**/*.flow") == (0, "", "")
    kept = here.parent / "temp" / "flowc"
    assert str(kept) == step("Keep the scripts")["with"]["path"].replace(
        "${{ runner.temp }}", str(here.parent / "temp")
    )
    assert {path.parent.relative_to(kept).as_posix() for path in kept.rglob("apply.sh")} == {
        "good/localhost",
        "sites/x/main/left",
        "sites/x/main/right",
    }


def test_one_host_can_be_compiled(here: Path) -> None:
    assert run_step("Compile", here, FILES="sites/x/main.flow", HOST="left").status == 0
    assert [path.parent.name for path in here.parent.joinpath("temp").rglob("apply.sh")] == ["left"]
    done = run_step("Compile", here, FILES="sites/x/main.flow", HOST="middle")
    assert done.status == 2
    assert "middle" in done.stderr
