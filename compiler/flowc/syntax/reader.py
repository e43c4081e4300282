"""Words into the parser, statement by statement: where each block and each statement began, and how to drop one.

The stack of lark's parser grows while a statement is read and is back at its old height when the next one starts. That
height is remembered, so a statement that cannot be finished is forgotten by cutting the stack.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from flowc.source import Source, Span
from flowc.syntax import tree
from flowc.syntax.bulk import ROWS
from flowc.syntax.lalr import Automaton, as_token
from flowc.syntax.scan import END, Word
from flowc.syntax.words import Words

MAX_SET_DEPTH = 16


@dataclass(slots=True)
class Block:
    """A block being read, or the whole file (keyword ``), and the statement being read in it."""

    keyword: str
    column: int
    """Where the block's statement starts; 0 for the file."""
    brace: Span
    height: int
    """Of the stack before the current statement."""
    first: int
    """The index of the current statement's first word."""
    fed: list[Word] = field(default_factory=list)
    """The words of the current statement so far, without those of inner blocks."""
    sets: list[Word] = field(default_factory=list)
    """The open `{` of sets in it."""
    suspect: Span | None = None
    """The `{` of a set whose `}` stands where the block's should: if one is missing, it is probably the set's."""


class Reader:
    """The parser's state and the text in front of it."""

    def __init__(self, source: Source, lalr: Automaton, *, rows: bool) -> None:
        self.source = source
        self.lalr = lalr
        self.stacks = lalr.stacks()
        self.words = Words(lambda start, rows: lalr.words(source, start, rows=rows), rows=rows)
        self.index = 0
        self.blocks = [Block("", 0, source.span(0, 0), 1, 0)]
        self.at_end = False
        """The text's END has been read."""
        self.result: tuple[tree.Statement, ...] = ()
        self.holes: list[Span] = []
        self.broken_words: set[str] = set()
        self.good_statement = False
        """A statement of the file itself has ended well; whoever has noticed sets it back."""
        self.suspect: Block | None = None
        """A block whose `}` is not below its start: if a `}` is missing at the end, it is probably this block's."""

    @property
    def block(self) -> Block:
        return self.blocks[-1]

    @property
    def word(self) -> Word:
        """The next word."""
        return self.words[self.index]

    @property
    def states(self) -> list[int]:
        """The states on the parser's stack."""
        stack: list[int] = self.stacks.state_stack
        return stack

    def file(self) -> tree.File:
        """What has been read."""
        return tree.File(self.source, self.result, tuple(self.holes), frozenset(self.broken_words))

    # ---- going on -----------------------------------------------------------------------------------------------

    def advance(self) -> bool:
        """Reads the next word. False if it cannot stand here."""
        word = self.words[self.index]
        if not self.feed(word):
            return False
        self.index += 1
        if word.type == "_SEP" and not self.block.fed:  # the start of a statement
            self.words.join(self.index)
            if len(self.blocks) == 1:
                self.words.forget(self.index)
        return True

    def split_rows(self) -> bool:
        """Goes on word by word, from the start of rows that have just been read. False if that is how it has been."""
        block = self.block
        behind_rows = bool(block.fed) and block.fed[-1].type == ROWS
        if not self.words.split(block.first if behind_rows else self.index):
            return False
        if behind_rows:
            self.cut()
            self.index = block.first
        return True

    def feed(self, word: Word) -> bool:
        """Gives the parser one word. False, and nothing has changed, if it cannot stand here."""
        states = self.states
        kind = self.lalr.kind(states, word)
        if not self.lalr.fits(states, kind) or (self.block.sets and self._unfit_for_set(word)):
            return False
        word.type = kind
        result = self.stacks.feed_token(as_token(word), kind == END)
        block = self.block
        if kind == END:
            self.result, self.at_end = result, True
        elif kind == "_SEP" and not block.sets:
            self.good_statement |= len(self.blocks) == 1 and bool(block.fed)
            block.height = len(states)
            block.fed = []
            block.first = self.index + (word is self.words[self.index])
        else:
            block.fed.append(word)
            if kind == "LBRACE":
                self._open(word)
            elif kind == "RBRACE":
                self._close(word)
        return True

    def _open(self, brace: Word) -> None:
        block = self.block
        if self.lalr.opens_block(self.states):
            keyword = block.fed[0]
            height = len(self.states)
            self.blocks.append(Block(str(keyword), column(keyword), brace.span, height, self.index + 1))
        else:
            block.sets.append(brace)

    def _close(self, brace: Word) -> None:
        if self.block.sets:
            opened = self.block.sets.pop()
            if starts_line(brace) and column(brace) <= self.block.column:
                self.block.suspect = opened.span
            return
        closed = self.blocks.pop()
        in_text = bool(brace.span.text)
        if in_text and self.suspect is None and starts_line(brace) and column(brace) < closed.column:
            self.suspect = closed
        self.block.fed.append(brace)

    def _unfit_for_set(self, word: Word) -> bool:
        """True for what the grammar lets stand in a set, and should not: a `;`, and one level too many."""
        if word.type == "_SEP":
            return ";" in "".join(line.partition("#")[0] for line in word.splitlines())
        return word.type == "LBRACE" and len(self.block.sets) >= MAX_SET_DEPTH

    def insert(self, kind: str, text: str, place: int) -> bool:
        """Gives the parser a word that is not in the text."""
        return self.feed(Word.make(kind, text, self.source.span(place, place)))

    # ---- dropping -----------------------------------------------------------------------------------------------

    def cut(self) -> None:
        """Forgets the current statement."""
        block = self.block
        del self.states[block.height :]
        del self.stacks.value_stack[block.height - 1 :]
        block.fed = []
        block.sets = []

    def lose(self, start: int, end: int) -> None:
        """Remembers that these words are not in the tree."""
        lost = self.words.between(start, end)
        while lost and lost[-1].type == "_SEP":
            lost.pop()
        if lost:
            self.holes.append(lost[0].span.to(lost[-1].span))
            self.broken_words.update(word.strip('"') for word in lost)

    def drop(self, end: int) -> None:
        """Leaves out the current statement, whose last word is the one before `end`."""
        self.lose(self.block.first, end)
        self.cut()
        self.index = end
        self.block.first = end


def column(word: Word) -> int:
    """The column a word starts in, from 1."""
    return word.span.source.position(word.span.start).column


def starts_line(word: Word) -> bool:
    """True if nothing but spaces stands before the word in its line."""
    text = word.span.source.text
    start = word.span.start
    while start and text[start - 1] in " \t\f":
        start -= 1
    return not start or text[start - 1] == "\n"
