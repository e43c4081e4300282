"""The examples: what they compile to, and that nothing but their meaning decides it."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from tests.golden import Golden

from flowc import api
from flowc.api import compile_files, render
from flowc.diagnostics import Diagnostics, Severity
from flowc.source import Source
from flowc.syntax import tree
from flowc.syntax.parse import parse
from flowc.trace.testing import failed

EXAMPLES = Path(__file__).parents[2] / "examples"
FILES = sorted(EXAMPLES.glob("*.flow"))

each_example = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)


def outputs(file: Path, *, provenance: bool = True) -> dict[tuple[str, str], str]:
    """All files of all hosts."""
    result = compile_files([file])
    assert [one for one in result.diagnostics if one.severity >= Severity.WARNING] == []
    return {
        (host, name): text
        for host, state in result.states.items()
        for name, text in render(state, provenance=provenance).items()
    }


@each_example
def test_example_compiles_to_what_was_read_and_found_right(
    file: Path, golden: Golden, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(EXAMPLES)
    for (host, name), text in outputs(Path(file.name)).items():
        golden(EXAMPLES / "output" / file.stem / host / name, text)


@each_example
def test_every_example_has_tests_and_they_pass(file: Path) -> None:
    run = api.test_files([file])
    assert run.tests
    assert "".join(failed.text(one) for one in run.tests if not one.passed) == ""


def test_hash_seed_changes_nothing() -> None:
    code = "from tests.quick.test_examples import *; print([outputs(file) for file in FILES])"
    seen = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "4711")
    }
    assert len(seen) == 1


def shuffled(file: Path, seed: int) -> str:
    """The file with its declarations, and those inside its host blocks, in another order."""
    dice = random.Random(seed)  # noqa: S311  # a shuffle that can be repeated, no secret
    source = Source(file.name, file.read_text(encoding="utf-8"))
    statements = [_shuffled_host(one, dice) for one in parse(source, Diagnostics(), rows=False).statements]
    dice.shuffle(statements)
    return "\n".join(statements)


def _shuffled_host(node: tree.Statement, dice: random.Random) -> str:
    if not isinstance(node, tree.Host):
        return node.span.text
    parts = [one.span.text for one in (*node.properties, *node.body)]
    dice.shuffle(parts)
    return f"host {node.name.span.text} {{\n" + "\n".join(parts) + "\n}"


@each_example
@pytest.mark.parametrize("seed", range(5))
def test_order_of_declarations_changes_nothing_but_provenance(file: Path, seed: int, tmp_path: Path) -> None:
    other = tmp_path / file.name
    other.write_text(shuffled(file, seed), encoding="utf-8")
    assert outputs(other, provenance=False) == outputs(file, provenance=False)


@each_example
def test_every_rule_and_command_names_its_line(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And without provenance nothing names any."""
    monkeypatch.chdir(EXAMPLES)
    for (_, name), text in outputs(Path(file.name)).items():
        assert name in ("announce.pl", "sysctl.conf", "tc.batch") or f"{file.name}:" in text
    assert all(f"{file.name}:" not in text for text in outputs(Path(file.name), provenance=False).values())
