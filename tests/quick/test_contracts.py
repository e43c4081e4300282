"""The shape of the code base: one namespace package over three roots, imports that go one way.

The import contract is broken on purpose in a copy of the tree, once in each way: a contract that cannot fail holds nothing.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]
ROOTS = ("grammar", "compiler", "backends")

# Each stage and the root it lives in, the last stage first. pyproject.toml holds the order that counts.
STAGES = {
    "cli": "compiler",
    "api": "compiler",
    "backends": "backends",
    "testbed": "compiler",
    "trace": "compiler",
    "delta": "compiler",
    "lower": "compiler",
    "checks": "compiler",
    "resolve": "compiler",
    "hoststate": "compiler",
    "facts": "compiler",
    "ir": "compiler",
    "syntax": "compiler",
    "grammar": "grammar",
    "diagnostics": "compiler",
    "source": "compiler",
}

ONE_WAY = "Imports go one way, down the pipeline"
NO_SYNTAX = "What comes after name resolution never sees syntax"
LIGHT_CLI = "The command line imports no heavy library itself"


# The installed flowc (an editable installation names this checkout's roots) would be merged into the namespace, and which
# of two files of the same name then counts is chance. Only the tree's own roots may hold a flowc.
LINT_IMPORTS = """\
import sys
from pathlib import Path

roots = sys.argv.pop(1).split(":")
sys.path[:] = roots + [entry for entry in sys.path if not Path(entry, "flowc").is_dir()]

from importlinter.cli import lint_imports_command

lint_imports_command()
"""


def lint_imports(tree: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter on the tree as it stands on disk, whatever flowc this Python has installed."""
    roots = os.pathsep.join(str(tree / root) for root in ROOTS)
    return subprocess.run(
        [sys.executable, "-c", LINT_IMPORTS, roots, "--no-cache"],
        cwd=tree,
        env=os.environ | {"COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the three roots in which every stage exists, so that each can be made to offend."""
    for root in ROOTS:
        shutil.copytree(REPO / root, tmp_path / root, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPO / "pyproject.toml", tmp_path)
    for stage, root in STAGES.items():
        package = tmp_path / root / "flowc" / stage
        if not package.with_suffix(".py").exists() and not any(package.rglob("*.py")):
            package.mkdir(parents=True, exist_ok=True)
            (package / "__init__.py").touch()
    return tmp_path


def offend(tree: Path, stage: str, imported: str) -> None:
    """Let a stage import what it may not: in a file of its own in a package, at the end of a module."""
    package = tree / STAGES[stage] / "flowc" / stage
    offender = package / "offender.py" if package.is_dir() else package.with_suffix(".py")
    with offender.open("a") as file:
        file.write(f"\nimport {imported}\n")


@pytest.mark.parametrize("root", ROOTS)
def test_no_root_closes_the_namespace(root: str) -> None:
    assert not (REPO / root / "flowc" / "__init__.py").exists()
    assert not (REPO / root / "__init__.py").exists()


@pytest.mark.parametrize("root", ROOTS)
def test_a_root_holds_nothing_but_flowc(root: str) -> None:
    found = {entry.name for entry in (REPO / root).iterdir()} - {"__pycache__"}
    assert found <= {"flowc", "README.md"}


def test_there_is_one_marker_for_typed_code() -> None:
    assert [str(path.relative_to(REPO)) for root in ROOTS for path in (REPO / root).rglob("py.typed")] == [
        "compiler/flowc/py.typed"
    ]


def test_no_module_stands_in_two_roots() -> None:
    modules = [path.relative_to(REPO / root).with_suffix("") for root in ROOTS for path in (REPO / root).rglob("*.py")]
    assert len(modules) == len(set(modules))


def test_the_import_contract_is_kept() -> None:
    run = lint_imports(REPO)
    assert run.returncode == 0, run.stdout + run.stderr


def test_an_untouched_copy_keeps_the_contract(copy: Path) -> None:
    run = lint_imports(copy)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize(
    ("stage", "imported", "contract"),
    [
        ("source", "flowc.diagnostics", ONE_WAY),
        ("grammar", "flowc.syntax", ONE_WAY),
        ("ir", "flowc.hoststate", ONE_WAY),
        ("facts", "flowc.checks", ONE_WAY),
        ("lower", "flowc.backends", ONE_WAY),
        ("checks", "flowc.lower", ONE_WAY),
        ("resolve", "flowc.checks", ONE_WAY),
        ("backends", "flowc.api", ONE_WAY),
        ("testbed", "flowc.backends", ONE_WAY),
        ("trace", "flowc.testbed", ONE_WAY),
        ("checks", "flowc.syntax", NO_SYNTAX),
        ("lower", "flowc.syntax", NO_SYNTAX),
        ("hoststate", "flowc.syntax", NO_SYNTAX),
        ("facts", "flowc.syntax", NO_SYNTAX),
        ("backends", "flowc.syntax", NO_SYNTAX),
        ("testbed", "flowc.syntax", NO_SYNTAX),
        ("cli", "lark", LIGHT_CLI),
        ("cli", "pydantic", LIGHT_CLI),
        ("cli", "jinja2", LIGHT_CLI),
        ("cli", "pyroute2", LIGHT_CLI),
    ],
)
def test_a_wrong_import_breaks_the_contract(copy: Path, stage: str, imported: str, contract: str) -> None:
    offend(copy, stage, imported)
    run = lint_imports(copy)
    assert run.returncode == 1, run.stdout + run.stderr
    assert f"{contract} BROKEN" in run.stdout
    assert f"flowc.{stage}" in run.stdout.partition("Broken contracts")[2]


def test_a_stage_without_a_place_breaks_the_contract(copy: Path) -> None:
    (copy / "compiler" / "flowc" / "newcomer.py").touch()
    run = lint_imports(copy)
    assert run.returncode == 1, run.stdout + run.stderr
    assert "flowc.newcomer" in run.stdout
