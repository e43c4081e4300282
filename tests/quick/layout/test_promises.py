"""Whatever the text: the same tree, all words and comments in their order, and the same layout the second time."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.golden import Golden
from tests.quick.docs.pages import REPO, Block, Page, blocks, place, written
from tests.quick.layout.helpers import formatted, held

from flowc.diagnostics import Diagnostics
from flowc.layout import format_source
from flowc.source import Source
from flowc.syntax.lalr import automaton
from flowc.syntax.parse import parse

FILES = sorted(path for path in REPO.glob("**/*.flow") if not any(part.startswith(".") for part in path.parts))
EXAMPLES = [path.read_text() for path in FILES if path.parent.name == "examples" and path.stem != "shared-tunnel"]
SETTINGS = settings(derandomize=True, max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def is_text(text: str) -> bool:
    """True if it has no syntax errors."""
    found = Diagnostics()
    parse(Source("t.flow", text), found)
    return not len(found)


# ---- texts made by the grammar ------------------------------------------------------------------------------------

NAMES = ["a", "vm75", "br-lan", "eth0.10", '"x y"', '"#"', "log", "in", "tcp", "a" * 60]
ADDRESSES = ["10.0.0.1", "10.0.0.0/8", "::", "2001:db8::1", "2001:db8:0:0:0:0:0:1/64", "10.0.0.300"]
WORDS = {
    "NAME": NAMES,
    "STRING": ['"x y"', '""', '"# no comment"'],
    "IPADDR": ADDRESSES,
    "MACADDR": ["52:54:00:00:00:75"],
    "INT": ["80", "0x10", "65535"],
    "VERSION": ["6.1"],
    "_ARROW": ["->"],
    "_BOTH": ["<->"],
    "_COMMA": [","],
    "LBRACE": ["{"],
    "RBRACE": ["}"],
    "LSQB": ["["],
    "RSQB": ["]"],
    "COLON": [":"],
    "MINUS": ["-"],
    "SLASH": ["/"],
    "EQUAL": ["="],
}
COMMENTS = ["#", "# c", "#\t d # e  ", "#" + "x" * 70, "# flowc: ignore[FC101] why", '# "', "# ;,{}"]
SPACES = ["", " ", "  ", "\t", " \f", "\n", "\n", "\n\n", "\n \n\t\n", "\r\n"]


def some_space(chance: random.Random, *, semicolon: bool = False) -> str:
    """Spaces, newlines and comments."""
    parts = []
    for _ in range(chance.choice([1, 1, 1, 2, 3])):
        parts.append(chance.choice(SPACES))
        if chance.random() < 0.2:
            parts += [chance.choice(COMMENTS), "\n"]
        if semicolon and chance.random() < 0.1:
            parts.append(";")
    return "".join(parts)


def walk(chance: random.Random, length: int) -> str:
    """A text that the grammar admits: a walk through the automaton, which ends at the first chance behind `length`."""
    lalr = automaton()
    states = lalr.after(())
    parts: list[str] = []
    opened: list[bool] = []  # True for a block, False for a set
    count = 0
    while True:
        accepted = lalr.accepted(states)
        sets = len(opened) - sum(opened)
        if sets >= 3:
            accepted -= {"LBRACE"}
        count += 1
        closing = [end for end in ("$END", "RBRACE") if end in accepted]
        kind: str
        if count > length and closing:
            kind = closing[0]
        else:
            kind = chance.choice(sorted(accepted - {"$END"} or accepted))
            if "_COMMA" in accepted and chance.random() < 0.5:
                kind = "_COMMA"
        assert lalr.step(states, kind)
        if kind == "$END":
            return "".join(parts)
        if kind == "_SEP":
            in_set = bool(opened) and not opened[-1]
            first = "\n" if in_set or chance.random() < 0.7 else ";"
            parts.append(chance.choice([" ", "", " # c"]) + first if first == "\n" else first)
            parts.append(some_space(chance, semicolon=not in_set))
            continue
        text = chance.choice(WORDS[kind]) if kind in WORDS else lalr.spelling[kind]
        parts += [chance.choice([" ", " ", "  ", "\t"]), text]
        if kind in ("_ARROW", "_BOTH", "_COMMA"):
            parts.append(some_space(chance))
        elif kind == "LBRACE":
            opened.append(lalr.opens_block(states))
        elif kind == "RBRACE":
            opened.pop()


@SETTINGS
@given(st.randoms(use_true_random=False), st.integers(0, 120))
def test_any_text_of_the_grammar(chance: random.Random, length: int) -> None:
    text = walk(chance, length)
    if is_text(text):  # a name may be a keyword where it stands
        held(text)


def test_most_walks_are_texts() -> None:
    """So that the test above is about something."""
    chance = random.Random(1)  # noqa: S311  # the same ones every time
    texts = [walk(chance, 60) for _ in range(60)]
    assert sum(is_text(text) for text in texts) > 30
    assert len(set(texts)) > 50


# ---- texts that people wrote ----------------------------------------------------------------------------------------


def disturbed(chance: random.Random, text: str, times: int) -> str:
    """The text with spaces, newlines and comments put in or taken away where that leaves a text."""
    lalr = automaton()
    for _ in range(times):
        words = list(lalr.scanner.words(Source("t.flow", text)))
        index = chance.randrange(1, len(words))
        start, end = words[index - 1].span.end, words[index].span.start
        new = chance.choice(["", " ", "\n", ";", "   ", some_space(chance), text[start:end] + some_space(chance)])
        other = text[:start] + new + text[end:]
        if is_text(other):
            text = other
    return text


@settings(SETTINGS, max_examples=25)
@given(st.randoms(use_true_random=False), st.sampled_from(EXAMPLES), st.integers(1, 12))
def test_any_disturbed_example(chance: random.Random, text: str, times: int) -> None:
    held(disturbed(chance, text, times))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_file_of_the_repository(path: Path) -> None:
    text = path.read_text()
    if is_text(text):
        held(text)
    else:
        assert path.parent.name == "errors"


@pytest.mark.parametrize(("page", "block"), blocks("flow"), ids=place)
def test_every_block_of_the_documentation(page: Page, block: Block) -> None:
    if is_text(block.text):
        held(block.text)
    else:
        assert block.mark == "error", page


@SETTINGS
@given(st.text(alphabet=st.sampled_from('ab {}[]();:,=/-"#\n\r\t\0->80.\ufeff')))
def test_a_text_with_errors_is_left_alone_and_told_why(text: str) -> None:
    found = Diagnostics()
    result = format_source(Source("t.flow", text), found)
    assert (result is None) == bool(len(found)) == (not is_text(text))


# ---- examples and documentation are in the one layout ---------------------------------------------------------------


@pytest.mark.parametrize("path", sorted((REPO / "examples").glob("*.flow")), ids=lambda path: path.name)
def test_examples_are_laid_out(path: Path, golden: Golden) -> None:
    golden(path, formatted(path.read_text()))


@pytest.mark.parametrize("page", written(), ids=place)
def test_blocks_of_the_documentation_are_laid_out(page: Page, golden: Golden) -> None:
    """But for those that show a mistake, whose columns the output beside them names."""
    text = page.path.read_text()
    for block in page.blocks:
        if block.language == "flow" and block.mark != "error" and block.file_name != "messy.flow":
            text = text.replace(f"```flow\n{block.text}```", f"```flow\n{formatted(block.text)}```")
    golden(page.path, text)
