"""Every condition of the catalogue has one answer: a code, a module that rules it out, or that only a live host knows."""

import importlib.util
import re
from pathlib import Path

import pytest

from flowc.explain import codes

PAGE = Path(__file__).resolve().parents[3] / "docs" / "checks" / "catalogue.md"

COUNTS = {"N": 10, "Z": 7, "A": 18, "E": 5, "T": 12, "V": 9, "H": 6, "O": 13, "S": 15}
GONE = {"V07", "H04"}
CONDITIONS = [f"{family}{n:02}" for family, count in COUNTS.items() for n in range(1, count + 1)]

ROW = re.compile(r"^\| ([A-Z]\d\d) \| (.+?) \| (.+) \|$", re.MULTILINE)
ROWS = ROW.findall(PAGE.read_text(encoding="utf-8"))


def test_every_condition_is_there_once_and_in_order() -> None:
    assert [name for name, _, _ in ROWS] == [name for name in CONDITIONS if name not in GONE]


def test_every_code_that_is_linked_is_one() -> None:
    linked = re.findall(r"\[(FC\d{3})\]\((FC\d{3})\.md\)", PAGE.read_text(encoding="utf-8"))
    assert [number for number, page in linked if number != page] == []
    assert {number for number, _ in linked} <= {code.number for code in codes()}


@pytest.mark.parametrize("answer", [answer for _, _, answer in ROWS], ids=[name for name, _, _ in ROWS])
def test_an_answer_is_a_code_a_module_or_that_it_is_live(answer: str) -> None:
    named = re.search(r"\[FC\d{3}\]", answer) or re.search(r"`flowc[.\w]+`", answer)
    assert named or answer.startswith(("Live:", "Planned:"))


@pytest.mark.parametrize(
    "module", sorted({found for _, _, text in ROWS for found in re.findall(r"`(flowc[.\w]+)`", text)})
)
def test_the_modules_that_rule_something_out_are_there(module: str) -> None:
    assert importlib.util.find_spec(module) is not None


def test_what_exists_is_not_called_planned() -> None:
    known = {code.number for code in codes()}
    planned = {number for _, _, answer in ROWS for number in re.findall(r"(?<!\[)FC\d{3}", answer)}
    assert {number for number in planned if number in known and f"[{number}]" not in PAGE.read_text()} == set()
