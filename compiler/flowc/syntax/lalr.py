"""The grammar's LALR automaton: lark's parser for the real thing, and a dry run of it for error messages and repairs.

lark's own interactive parser can do such dry runs too, but it carries the values along and reduces before it finds out
that a word does not fit; here a word either fits or changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, cast

from lark.lexer import Token
from lark.parsers.lalr_analysis import Shift

from flowc import grammar
from flowc.source import Source, Span
from flowc.syntax import tree
from flowc.syntax.build import Builder
from flowc.syntax.bulk import ROWS, Bulk
from flowc.syntax.scan import END, Scanner, Word

HEADERS = {
    "host": "HOST NAME LBRACE",
    "vrf": "VRF NAME LBRACE",
    "interface": "INTERFACE NAME LBRACE",
    "tunnel": "TUNNEL NAME LBRACE",
    "endpoint": "ENDPOINT NAME LBRACE",
    "zone": "ZONE NAME LBRACE",
    "policy": "POLICY NAME _ARROW NAME LBRACE",
    "nat": "NAT NAME _ARROW NAME LBRACE",
    "test": "TEST STRING LBRACE",
}
"""How each kind of block starts, to ask the automaton what can stand inside."""


class Automaton:
    """The tables, built once per process (about 0.2 s)."""

    def __init__(self) -> None:
        lark = grammar.build(Builder())
        self._lark = lark
        self.scanner = Scanner(lark.terminals, lark.ignore_tokens)
        self.keywords = self.scanner.keywords
        self.spelling = {terminal: text for text, terminal in self.keywords.items()}
        """The name of a keyword's terminal to the keyword."""
        configuration = lark.parse_interactive().parser_state.parse_conf
        self._rows = cast(dict[int, dict[str, tuple[Any, Any]]], configuration.states)
        self._start: int = configuration.start_state
        self._end: int = configuration.end_state
        self._bulk = Bulk(self.scanner, self.statement)

    # ---- the real parser ----------------------------------------------------------------------------------------

    def stacks(self) -> Any:  # noqa: ANN401 - lark's ParserState, generic in a private type
        """A parser at the start of a text: its `state_stack`, `value_stack` and `feed_token`."""
        return self._lark.parse_interactive().parser_state

    def words(self, source: Source, start: int, *, rows: bool) -> Iterator[Word]:
        """The words from an offset on; with `rows`, plain statements are one word."""
        return self.scanner.words(source, start, find_rows=self._bulk.find if rows else None)

    def statement(self, place: Span) -> Any:  # noqa: ANN401 - a node of the kind that is there
        """The one statement at a place where it is known to be one without an error."""
        stacks = self.stacks()
        result: tuple[tree.Statement, ...] = ()
        for word in self.scanner.words(*place):
            word.type = self.kind(stacks.state_stack, word)
            result = stacks.feed_token(as_token(word), word.type == END)
        return result[0]

    # ---- the dry run: a list of states, and no values -----------------------------------------------------------

    def step(self, states: list[int], kind: str) -> bool:
        """Moves on over a word of this kind. False if none can stand here; `states` is of no use then."""
        while True:
            action = self._rows[states[-1]].get(kind)
            if action is None:
                return False
            do, target = action
            if do is Shift:
                states.append(target)
                return True
            if target.expansion:
                del states[-len(target.expansion) :]
            states.append(self._rows[states[-1]][target.origin.name][1])
            if kind == END and states[-1] == self._end:
                return True

    def fits(self, states: list[int], kind: str) -> bool:
        """True if a word of this kind can stand here."""
        action = self._rows[states[-1]].get(kind)
        return action is not None and (action[0] is Shift or self.step(states.copy(), kind))

    def accepted(self, states: list[int]) -> frozenset[str]:
        """The kinds of all words that can stand here. ROWS are none, but a way to read words."""
        kinds = self._rows[states[-1]].keys() - {ROWS}
        return frozenset(kind for kind in kinds if kind.isupper() and self.fits(states, kind))

    def kind(self, states: list[int], word: Word) -> str:
        """What the word is here: a keyword only where that keyword can stand."""
        if word.type != "NAME" and word.type not in self.spelling:
            return word.type
        keyword = self.keywords.get(word)
        return keyword if keyword is not None and self.fits(states, keyword) else "NAME"

    def opens_block(self, states: list[int]) -> bool:
        """True directly behind the `{` of a block; a set must have a member before its `}`."""
        return "RBRACE" in self._rows[states[-1]]

    def can_follow(self, kind: str, following: str) -> bool:
        """True if there is any place where `following` can stand directly behind a word of this kind."""
        targets = {row[kind][1] for row in self._rows.values() if kind in row and row[kind][0] is Shift}
        return any(following in self._rows[target] for target in targets)

    # ---- what stands where --------------------------------------------------------------------------------------

    def after(self, kinds: Iterable[str]) -> list[int]:
        """The states after these words from the start of a file."""
        states = [self._start]
        for kind in kinds:
            assert self.step(states, kind), kind
        return states

    @cache  # noqa: B019 - there is one automaton, and it lives as long as the process
    def starters(self, block: str) -> frozenset[str]:
        """The keywords that start a statement in a block of this kind; `` is the top level of a file."""
        accepted = self.accepted(self.after(HEADERS[block].split() if block else ()))
        return frozenset(self.spelling[kind] for kind in accepted if kind in self.spelling)

    def homes(self, keyword: str) -> list[str]:
        """The kinds of blocks in which a statement can start with this keyword."""
        return [block for block in HEADERS if keyword in self.starters(block)]


@cache
def automaton() -> Automaton:
    """The one automaton of this process."""
    return Automaton()


def as_token(word: Word) -> Token:
    """A word in lark's eyes: its parser looks at nothing but `type`."""
    return cast(Token, word)
