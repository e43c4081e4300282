"""Files with a mistake in them: each is rejected with a place to look at, or compiled; none makes flowc fail."""

from __future__ import annotations

import contextlib
import io
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.golden import Golden
from tests.mutations import ACCEPTED, COUNT, EXAMPLES, Mutant, mutants

from flowc.api import compile_files, render
from flowc.cli import main

LEAST_REJECTED = 400


class Outcome(NamedTuple):
    status: int
    findings: list[dict[str, Any]]
    stderr: str


def run(*arguments: str) -> tuple[int, str, str]:
    """One command in this process: its exit status and what it printed."""
    stdout, stderr = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr):
        status = main(arguments)
    return status, stdout.getvalue(), stderr.getvalue()


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Mutant, Path, Outcome]]:
    """All mutants, and what `flowc check` says of them."""
    folder = tmp_path_factory.mktemp("mutants")
    result = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FLOWC_TRACEBACK", "1")
        for mutant in mutants():
            file = folder / f"{mutant.number:03}.flow"
            file.write_text(mutant.text, encoding="utf-8")
            status, stdout, stderr = run("check", "--format", "json", "--", str(file))
            findings = json.loads(stdout)["diagnostics"] if stdout else []
            result.append((mutant, file, Outcome(status, findings, stderr)))
    return result


def test_every_mutant_is_another_file(tried: list[tuple[Mutant, Path, Outcome]]) -> None:
    assert len(tried) == COUNT
    assert len({mutant.text for mutant, _, _ in tried}) == COUNT
    assert [mutant for mutant, _, _ in tried] == list(mutants())  # the same ones every time


def test_no_mutant_makes_flowc_fail(tried: list[tuple[Mutant, Path, Outcome]]) -> None:
    for mutant, _, outcome in tried:
        assert outcome.status in (0, 1), (mutant.mistake, outcome.stderr, mutant.text)
        assert "Traceback" not in outcome.stderr
        assert "internal error" not in outcome.stderr


def test_a_rejected_mutant_is_told_where_to_look(tried: list[tuple[Mutant, Path, Outcome]]) -> None:
    for mutant, file, outcome in tried:
        errors = [one for one in outcome.findings if one["severity"] == "error"]
        assert bool(errors) == (outcome.status == 1), mutant
        lines = mutant.text.split("\n")
        for one in outcome.findings:
            assert one["file"] == str(file)
            assert one["message"], mutant
            start, end = one["start"], one["end"]
            assert 1 <= start["line"] <= len(lines), (mutant.mistake, one)
            assert 1 <= start["column"] <= len(lines[start["line"] - 1]) + 1, (mutant.mistake, one)
            assert 0 <= start["offset"] <= end["offset"] <= len(mutant.text)


def output(file: Path) -> str:
    """All that flowc writes for a file, without the lines it comes from."""
    result = compile_files([file])
    assert result.states, "it was accepted"
    return "".join(text for state in result.states.values() for text in render(state, provenance=False).values())


def test_an_accepted_mutant_compiles(tried: list[tuple[Mutant, Path, Outcome]], golden: Golden) -> None:
    """What compiles to something else is listed: the packet tests load it."""
    seen = {output(example) for example in EXAMPLES.glob("*.flow")}
    lines = []
    for mutant, file, outcome in tried:
        if outcome.status == 0:
            text = output(file)
            if text not in seen:
                seen.add(text)
                lines.append(f"{mutant.number:03} {mutant.mistake}, {mutant.origin}\n")
    golden(ACCEPTED, "".join(lines))


def test_an_accepted_mutant_is_printed(tried: list[tuple[Mutant, Path, Outcome]]) -> None:
    file = next(file for _, file, outcome in tried if outcome.status == 0)
    status, stdout, stderr = run("compile", "--backend", "nft", "--quiet", "--", str(file))
    assert (status, stderr) == (0, "")
    assert stdout.endswith("}\n")


def test_most_mutants_are_rejected(
    tried: list[tuple[Mutant, Path, Outcome]], record_property: Callable[[str, object], None]
) -> None:
    """What is accepted is another network, not a broken file: a rule less, another name, a neighbour left out."""
    made = Counter(mutant.mistake for mutant, _, _ in tried)
    rejected = Counter(mutant.mistake for mutant, _, outcome in tried if outcome.status == 1)
    for mistake, count in sorted(made.items()):
        print(f"{mistake:34} {rejected[mistake]:3} of {count:3} rejected")
    print(f"{'all':34} {rejected.total():3} of {made.total():3} rejected")
    record_property("rejected", rejected.total())
    assert rejected.total() >= LEAST_REJECTED
