"""What holds for every valid file, for drawn ones."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.generate.seeded import examples, files_of_tc, parts
from tests.generate.strategies import MAIN, checked, drawn_parts, written
from tests.generate.strategies import files as valid_files
from tests.generate.strategies import parts as valid_parts
from tests.quick.layout.helpers import held

from flowc.api import compile_files, render, test_files
from flowc.ir.datapath import Taker, Takers

few = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)


def compiled(texts: dict[str, str]) -> dict[str, dict[str, str]]:
    """What flowc writes, by host and name of the file, without the lines that it comes from."""
    with tempfile.TemporaryDirectory() as folder:
        result = compile_files([written(texts, Path(folder))])
    assert not result.diagnostics.has_errors, list(result.diagnostics)
    return {name: render(state, provenance=False) for name, state in result.states.items()}


def lines(texts: dict[str, str]) -> dict[tuple[str, str], list[str]]:
    """The same, with the lines of each file in one order."""
    return {
        (host, name): sorted(text.splitlines())
        for host, files_of_host in compiled(texts).items()
        for name, text in files_of_host.items()
    }


@few
@given(valid_parts())
def test_what_is_accepted_is_compiled(texts: dict[str, str]) -> None:
    assert compiled(texts)


@few
@given(valid_parts())
def test_a_ruleset_names_no_set_that_it_does_not_declare(texts: dict[str, str]) -> None:
    for found in compiled(texts).values():
        assert undeclared(found["ruleset.nft"]) == set()


def undeclared(ruleset: str) -> set[str]:
    """The sets, maps and flowtables that rules look things up in, and are not there."""
    declared = re.findall(r"^ *(?:set|map|flowtable) (\S+) \{", ruleset, re.MULTILINE)
    return set(re.findall(r"@(\w\S*)", re.sub(r'"[^"]*"', "", ruleset))) - set(declared)


@few
@given(valid_parts())
def test_tests_are_judged(texts: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        run = test_files([written(texts, Path(folder))])
    assert not run.diagnostics.has_errors


@few
@given(valid_files())
def test_layout_keeps_the_meaning(text: str) -> None:
    assert compiled({MAIN: held(text)}) == compiled({MAIN: text})


@few
@given(valid_files(), st.randoms(use_true_random=False))
def test_the_order_of_declarations_means_nothing(text: str, chance: Random) -> None:
    declarations = re.split(r"\n(?![ }])", text.rstrip("\n"))
    chance.shuffle(declarations)
    assert lines({MAIN: "\n".join(declarations)}) == lines({MAIN: text})


def test_a_seed_means_the_same_files_each_time() -> None:
    once = list(examples(drawn_parts(), 3, 12))
    assert once == list(examples(drawn_parts(), 3, 12)) != list(examples(drawn_parts(), 4, 12))


def test_files_of_tc_have_addresses_that_it_takes_and_differ_in_more_than_policies() -> None:
    texts = list(files_of_tc(1, 4))
    assert texts == list(files_of_tc(1, 4))
    assert len({text.partition("\npolicy ")[0] for text in texts}) == 4
    for text in texts:
        result = checked(text)
        assert not result.diagnostics.has_errors
        assert any(one.taker is Taker.TC for host in result.network.hosts for one in host.derived(Takers).decisions)


def test_files_come_with_tables_and_includes() -> None:
    names = {name for texts in parts(1, 60) for name in texts}
    assert {MAIN, "part.flow", "eips.csv", "endpoints.csv"} <= names
