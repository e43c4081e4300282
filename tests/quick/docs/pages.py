"""The pages of the documentation as the tests read them: headings, links, and blocks of code with what stands before.

How a block is marked, always in the line before it:

    <!-- flow: fragment -->   the ```flow block is not a whole network: it is only parsed
    <!-- flow: added -->      it is what was written at the end of the file of its name, a blank line before it
    <!-- flow: error -->      it is rejected; a ```text block that follows holds what is printed, to the letter
    <!-- flow: with facts --> it is checked with the facts that the ```json block before it holds

A ```flow block whose first line is a comment `# NAME.flow...` is a file of that name for the ```console blocks of its
page, whose `$ flowc ...` lines are run; so is a block of any language behind `<!-- file: NAME -->`. A page may show a file
again and again: there is what was shown last, or, where the name comes only later, what is shown first. A line of output
that is nothing but `...` stands for any number of lines.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

REPO = Path(__file__).resolve().parents[3]
PAGES = sorted([*REPO.glob("*.md"), *REPO.glob("docs/**/*.md")])

_FENCE = re.compile(r"(?P<indent> *)```(?P<language>\w*)")
_FILE = re.compile(r"<!-- file: ([\w.-]+) -->")
_MARK = re.compile(r"<!-- flow: (\w+(?: \w+)?) -->")
_HEADING = re.compile(r"(#+) +(.*)")
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
_CODE_SPAN = re.compile(r"`([^`\n]+)`")
_CODE_PAGE = re.compile(r"FC\d+\.md")
_FILE_NAME = re.compile(r"# ([\w.-]+\.flow)\b")


@dataclass(frozen=True)
class Block:
    """A fenced block of code. `line` is the fence's, from 1; `mark` is what the comment before it says."""

    language: str
    text: str
    line: int
    mark: str | None
    file: str | None = None
    """What the comment before it calls it."""

    @property
    def file_name(self) -> str:
        """What the comment before it or its first line calls the file."""
        if self.file is not None:
            return self.file
        found = _FILE_NAME.match(self.text)
        return found[1] if found else "example.flow"


@dataclass(frozen=True)
class Page:
    path: Path

    @property
    def name(self) -> str:
        return self.path.relative_to(REPO).as_posix()

    @cached_property
    def _parts(self) -> tuple[list[Block], list[tuple[int, str]]]:
        """The blocks, and the numbered lines outside of them."""
        blocks: list[Block] = []
        prose: list[tuple[int, str]] = []
        mark: str | None = None
        file: str | None = None
        lines = iter(enumerate(self.path.read_text(encoding="utf-8").splitlines(), 1))
        for number, line in lines:
            if fence := _FENCE.match(line):
                inside = [inner.removeprefix(fence["indent"]) for inner in _until_fence(lines)]
                blocks.append(Block(fence["language"], "".join(f"{one}\n" for one in inside), number, mark, file))
                mark = file = None
                continue
            prose.append((number, line))
            if found := _MARK.fullmatch(line.strip()):
                mark = found[1]
            elif found := _FILE.fullmatch(line.strip()):
                file = found[1]
            elif line.strip():
                mark = file = None
        return blocks, prose

    @property
    def blocks(self) -> list[Block]:
        return self._parts[0]

    def files(self, block: Block) -> dict[str, str]:
        """The names and texts of the page's files for a reader who has come to this block, and read it."""
        files: dict[str, str] = {}
        for one in self.blocks:
            if one.language != "flow" and one.file is None:
                continue
            if one.line > block.line:
                files.setdefault(one.file_name, one.text)
            elif one.mark == "added":
                files[one.file_name] += f"\n{one.text}"
            else:
                files[one.file_name] = one.text
        return files

    def headings(self) -> list[str]:
        """Their texts, without the `#`."""
        return [found[2] for _, line in self._parts[1] if (found := _HEADING.fullmatch(line))]

    def anchors(self) -> set[str]:
        """What a `#...` link to this page can name, by GitHub's rules."""
        found: set[str] = set()
        for text in self.headings():
            base = slug(text)
            name, count = base, 0
            while name in found:
                count += 1
                name = f"{base}-{count}"
            found.add(name)
        return found

    def links(self) -> list[tuple[int, str]]:
        """Targets of links, each with its line."""
        return [(number, target) for number, line in self._parts[1] for target in _LINK.findall(line)]

    def code_spans(self) -> list[tuple[int, str]]:
        """What stands between backticks, each with its line."""
        return [(number, code) for number, line in self._parts[1] for code in _CODE_SPAN.findall(line)]

    def __str__(self) -> str:
        return self.name


def _until_fence(lines: Iterator[tuple[int, str]]) -> Iterator[str]:
    for _, line in lines:
        if line.strip() == "```":
            return
        yield line


def slug(heading: str) -> str:
    """GitHub's anchor for a heading: lower case, no punctuation, `-` for spaces."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower().strip()
    kept = (c for c in text if c in " -_" or unicodedata.category(c)[0] in "LN")
    return "".join(kept).replace(" ", "-")


def pages() -> list[Page]:
    """All of them."""
    return [Page(path) for path in PAGES]


def written() -> list[Page]:
    """All but those of codes, which are made of examples that have their own tests."""
    return [page for page in pages() if not _CODE_PAGE.fullmatch(page.path.name)]


def blocks(language: str) -> list[tuple[Page, Block]]:
    """All blocks of a language, of all pages that people write."""
    return [(page, block) for page in written() for block in page.blocks if block.language == language]


def place(value: object) -> str:
    """The name of a test's parameter: the page, or the block's line in it."""
    return value.name if isinstance(value, Page) else f"line{value.line}" if isinstance(value, Block) else str(value)
