"""Every ```flow block in the documentation means to flowc what the page says it does."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.quick.docs.pages import Block, Page, blocks, place

from flowc.api import check_files, compile_files
from flowc.diagnostics import Diagnostics, Severity
from flowc.diagnostics.render_text import render_text
from flowc.facts.document import parse_facts
from flowc.facts.given import GivenFacts
from flowc.source import Source
from flowc.syntax.parse import parse

FLOW = blocks("flow")
WITH_FACTS = "with facts"
WHOLE, FRAGMENTS, ERRORS = (
    [one for one in FLOW if one[1].mark in marks] for marks in ((None, "added", WITH_FACTS), ("fragment",), ("error",))
)


def printed(page: Page, block: Block, folder: Path, monkeypatch: pytest.MonkeyPatch, *, notes: bool = False) -> str:
    """What `flowc check` prints about the block's file, with `notes` what it prints under -v."""
    monkeypatch.chdir(folder)
    Path(block.file_name).write_text(page.files(block)[block.file_name], encoding="utf-8")
    found = check_files([block.file_name], facts(page, block)).diagnostics
    return render_text(one for one in found if notes or one.severity > Severity.NOTE)


def facts(page: Page, block: Block) -> list[GivenFacts]:
    """Those that the block before it holds, where it says so."""
    if block.mark != WITH_FACTS:
        return []
    before = page.blocks[page.blocks.index(block) - 1]
    assert before.language == "json", f"{page}:{block.line}"
    return [GivenFacts(parse_facts(before.text, f"{page}:{before.line}"))]


def test_marks_are_known() -> None:
    assert {block.mark for _, block in FLOW} <= {None, "added", "fragment", "error", WITH_FACTS}


@pytest.mark.parametrize(("page", "block"), WHOLE, ids=place)
def test_a_whole_file_compiles_without_a_finding(
    page: Page, block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even a warning: people copy it, and would be warned about what they did not write."""
    text = printed(page, block, tmp_path, monkeypatch)
    if follower(page, block, "text") is None:
        assert text == ""
    else:  # the page shows what is found
        assert not check_files([block.file_name]).diagnostics.has_errors
    assert compile_files([block.file_name]).states


@pytest.mark.parametrize(("page", "block"), FRAGMENTS, ids=place)
def test_a_fragment_parses(page: Page, block: Block) -> None:
    found = Diagnostics()
    parse(Source(f"{page}:{block.line}", block.text), found)
    assert render_text(found) == ""


@pytest.mark.parametrize(("page", "block"), ERRORS, ids=place)
def test_a_wrong_file_is_rejected(page: Page, block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "error[" in printed(page, block, tmp_path, monkeypatch), f"{page}:{block.line}"


def follower(page: Page, block: Block, language: str) -> Block | None:
    """The next block of the page, if it is of this language."""
    after = page.blocks[page.blocks.index(block) + 1 :]
    return after[0] if after and after[0].language == language else None


FOLLOWED = [(page, block) for page, block in FLOW if follower(page, block, "text")]


@pytest.mark.parametrize(("page", "block"), FOLLOWED, ids=place)
def test_what_is_said_to_be_printed_is_printed(
    page: Page, block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = follower(page, block, "text")
    assert shown is not None
    notes = "note[" in shown.text
    assert shown.text.strip("\n") == printed(page, block, tmp_path, monkeypatch, notes=notes).strip("\n")
