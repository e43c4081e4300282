"""Files with mistakes in them: each is rejected with a place to look at, or compiled; none makes flowc fail or wait."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.damage import TABLES, TOP, WAYS, Damaged, damaged
from tests.golden import Golden
from tests.mutations import ACCEPTED, COUNT, Mutant, mutants, origins
from tests.soak import IS_SOAK

from flowc.api import compile_files, render
from flowc.cli import main
from flowc.diagnostics import Diagnostic, Severity
from flowc.diagnostics.render_json import render_json
from flowc.diagnostics.render_text import render_text

LEAST_REJECTED = 400
SECONDS = 1
"""Of the processor, for one file of a hundred lines; it takes a hundredth."""
FEW, MANY = 400, 10_000 if IS_SOAK else 2_000
LONGEST = 300  # characters of a message


class Outcome(NamedTuple):
    findings: list[Diagnostic]
    text: str | None
    """All that flowc writes, without the lines it comes from; None if it rejects the file."""

    @property
    def errors(self) -> list[Diagnostic]:
        return [one for one in self.findings if one.severity is Severity.ERROR]


@contextmanager
def no_longer_than(seconds: float) -> Iterator[None]:
    """Fails what takes more time of the processor; how busy the machine is does not count."""

    def late(*_: object) -> None:
        pytest.fail(f"it takes more than {seconds} s")

    before = signal.signal(signal.SIGVTALRM, late)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def outcome(files: Mapping[str, bytes]) -> Outcome:
    """What flowc makes of files: the first is the one it is asked for."""
    case = Damaged(0, "", files)
    with no_longer_than(SECONDS):
        result = compile_files([next(iter(files))], read=case.read)
        texts = [text for state in result.states.values() for text in render(state, provenance=False).values()]
        findings = list(result.diagnostics)
        render_text(findings)
        render_json(result.diagnostics)
    assert bool(texts) != result.diagnostics.has_errors
    return Outcome(findings, "".join(texts) if texts else None)


def assert_located(findings: Iterable[Diagnostic], files: Mapping[str, bytes]) -> None:
    """Each is one clause with a code, about characters that are there, in one of the files."""
    for one in findings:
        assert one.message.isprintable()
        assert 0 < len(one.message) <= LONGEST
        for label in (one.primary, *one.related):
            source, start, end = label.span
            assert source.name in files
            assert 0 <= start <= end <= len(source.text)
            line, column = source.position(start)
            lines = source.text.split("\n")
            assert 1 <= line <= len(lines)
            assert 1 <= column <= len(lines[line - 1]) + 1


@pytest.fixture(scope="module", autouse=True)
def _loaded() -> None:
    """The grammar is loaded, on nobody's time."""
    compile_files([TOP], read=Damaged(0, "", {TOP: b""}).read)


@pytest.fixture(scope="module")
def tried() -> list[tuple[Mutant, Outcome]]:
    """All mutants, and what flowc makes of them."""
    return [(mutant, outcome({f"{mutant.number:03}.flow": mutant.text.encode()})) for mutant in mutants()]


def test_every_mutant_is_another_file() -> None:
    assert len({mutant.text for mutant in mutants()}) == COUNT
    assert mutants.__wrapped__() == mutants()  # the same ones every time


def test_a_rejected_mutant_is_told_where_to_look(tried: list[tuple[Mutant, Outcome]]) -> None:
    for mutant, said in tried:
        assert bool(said.errors) == (said.text is None), mutant
        assert_located(said.findings, {f"{mutant.number:03}.flow": b""})


def test_an_accepted_mutant_compiles(tried: list[tuple[Mutant, Outcome]], golden: Golden) -> None:
    """What compiles to something else is listed: the packet tests load it."""
    seen = {outcome({name: text.encode()}).text for name, text in origins().items()}
    assert None not in seen
    lines = []
    for mutant, said in tried:
        if said.text is not None and said.text not in seen:
            seen.add(said.text)
            lines.append(f"{mutant.number:03} {mutant.mistake}, {mutant.origin}\n")
    golden(ACCEPTED, "".join(lines))


def test_an_accepted_mutant_is_printed(
    tried: list[tuple[Mutant, Outcome]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mutant.flow"
    file.write_text(next(mutant.text for mutant, said in tried if said.text is not None), encoding="utf-8")
    status = main(("compile", "--backend", "nft", "--quiet", "--", str(file)))
    stdout, stderr = capsys.readouterr()
    assert (status, stderr) == (0, "")
    assert stdout.endswith("}\n")


def test_most_mutants_are_rejected(
    tried: list[tuple[Mutant, Outcome]], record_property: Callable[[str, object], None]
) -> None:
    """What is accepted is another network, not a broken file: a rule less, another name, a neighbour left out."""
    made = Counter(mutant.mistake for mutant, _ in tried)
    rejected = Counter(mutant.mistake for mutant, said in tried if said.text is None)
    for mistake, count in sorted(made.items()):
        print(f"{mistake:34} {rejected[mistake]:3} of {count:3} rejected")
    print(f"{'all':34} {rejected.total():3} of {made.total():3} rejected")
    record_property("rejected", rejected.total())
    assert rejected.total() >= LEAST_REJECTED


def test_nothing_that_is_damaged_makes_flowc_fail() -> None:
    damage(range(FEW))


@pytest.mark.slow
def test_thousands_of_damaged_files_do_not_make_flowc_fail() -> None:
    damage(range(FEW, FEW + MANY))


def damage(numbers: range) -> None:
    """Each is rejected with a place, or compiles; both happen to each way, or the damage is too much or too little."""
    rejected: Counter[str] = Counter()
    for number in numbers:
        case = damaged(number)
        try:
            said = outcome(case.files)
            assert_located(said.findings, case.files)
        except Exception as error:
            error.add_note(f"damaged file {number}: {case.how}")
            raise
        rejected[case.how] += said.text is None
    each = len(numbers) / len(WAYS)
    assert len(rejected) == len(WAYS)
    assert all(each / 2 < count < each for count in rejected.values()), rejected


def test_the_same_damage_every_time_and_another_for_each_number() -> None:
    cases = [damaged(number) for number in range(100)]
    assert cases == [damaged(number) for number in range(100)]
    assert len({tuple(case.files.values()) for case in cases}) == len(cases)


def test_the_tables_are_clean_before_they_are_damaged() -> None:
    said = outcome({name: text.encode() for name, text in TABLES.items()})
    assert [one.message for one in said.findings if one.severity is not Severity.NOTE] == []


LONG = "9" * 5000  # Python converts no more than 4300 digits


@pytest.mark.parametrize(
    "text",
    [
        f"interface a {{ device eth0; address 10.0.0.1/{LONG} }}",
        f"interface a {{ device eth0; address {LONG}.0.0.1/24 }}",
        "interface a { device eth0; address 10.0.0.1/24d00%0:0:1::1/64 }",
        "interface a { device eth0; address fd00::1/" + "0" * 5000 + " }",
        f'interface a {{ device "{LONG}"; address 10.0.0.1/24 }}',
        f"zone a {{ interface x{LONG} }}",
        f"pool a 10.0.0.0/{LONG} at a",
        f"eip 10.0.0.0/{LONG} <-> 10.0.0.0/{LONG}",
        f"route 10.0.0.0/{LONG} via 10.0.0.1",
        f"tunnel t {{ type gre; key 0x{LONG} }}",
    ],
)
def test_what_is_far_too_long_is_out_of_range_and_told_in_short(text: str) -> None:
    said = outcome({TOP: text.encode()})
    assert said.errors or "0" * 5000 in text
    assert_located(said.findings, {TOP: b""})


def test_thousands_of_findings_in_one_line_take_a_line_s_time() -> None:
    heads = ",".join(f"column{number}" for number in range(2000))
    said = outcome({TOP: b'eips from "eips.csv"\n', "eips.csv": f"{heads}\n".encode()})
    assert len(said.errors) >= 2000
