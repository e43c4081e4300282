"""Finding a way on behind a syntax error, so that one run reports them all and none of them twice.

Where the mistake is obvious (a misspelt keyword, `=>`, a missing `;`) and the rest of the statement fits after mending
it, the statement is kept as it was meant. Otherwise the words up to its end are skipped, and reading goes on as if it
had not been there. A text with an error is never compiled: mending only keeps one mistake from causing more reports.
"""

from __future__ import annotations

from flowc.diagnostics import Diagnostics
from flowc.source import Span
from flowc.syntax import codes
from flowc.syntax.errors import explain
from flowc.syntax.lalr import HEADERS
from flowc.syntax.problem import Problem, Repair, Situation
from flowc.syntax.reader import MAX_SET_DEPTH, Block, Reader, column, starts_line
from flowc.syntax.scan import END, JOINTS, Word
from flowc.syntax.wording import place, wanted

MAX_ERRORS = 100
_LOOK_AHEAD = 64


class Recovery:
    """Reports what the reader stumbles over, and sets it on its feet again."""

    def __init__(self, reader: Reader, diagnostics: Diagnostics) -> None:
        self.reader = reader
        self.lalr = reader.lalr
        self.diagnostics = diagnostics
        self.errors = 0
        self.astray = False
        """Behind a reported `}` too many, or a statement that shows there was one: what follows from it is not news."""

    def recover(self) -> None:
        """Reports the next word, which does not fit. Afterwards the text has been read on, or the word fits."""
        reader = self.reader
        word = reader.word
        if reader.good_statement:
            self.astray = False
            reader.good_statement = False
        if self.errors >= MAX_ERRORS:
            self.give_up()
        elif word.type == END:
            self.at_end()
        elif self.set_is_open() or self.line_is_open() or self.block_is_open():
            pass
        elif word.type == "RBRACE" and len(reader.blocks) == 1 and (not reader.block.fed or self.complete):
            self.stray_brace()
        elif len(reader.block.sets) >= MAX_SET_DEPTH and word.type == "LBRACE":
            self.report(Problem(codes.TOO_DEEP, f"sets are nested more than {MAX_SET_DEPTH} deep", word.span))
            self.skip()
        else:
            self.explained()

    @property
    def complete(self) -> bool:
        """True if the current statement could end here."""
        block = self.reader.block
        return bool(block.fed) and not block.sets and self.lalr.fits(self.reader.states, "_SEP")

    def report(self, problem: Problem) -> None:
        """Adds the diagnostic."""
        self.errors += 1
        self.diagnostics.report(
            problem.code, problem.message, problem.span, related=problem.related, help=problem.help, fix=problem.fix
        )

    def explained(self) -> None:
        """The general case: say what is wrong here, then mend the statement or leave it out."""
        reader, block = self.reader, self.reader.block
        situation = Situation(
            word=reader.word,
            fed=[word for word in block.fed if word.type != "_SEP"],
            ahead=reader.words.between(reader.index, reader.index + _LOOK_AHEAD),
            accepted=self.lalr.accepted(reader.states),
            accepted_before=self._accepted_before_last(),
            complete=self.complete,
            in_set=bool(block.sets),
            block=block.keyword,
            lalr=self.lalr,
        )
        problem = explain(situation)
        outside = len(reader.blocks) == 1
        misplaced = outside and problem.code is codes.MISPLACED_STATEMENT
        indented = outside and column(reader.words[block.first]) > 1
        if self.astray and (misplaced or indented):
            self.skip()
            return
        self.report(problem)
        self.astray = self.astray or misplaced
        if not any(self.mend(repair) for repair in problem.repairs):
            self.skip()

    def _accepted_before_last(self) -> frozenset[str]:
        block = self.reader.block
        states = self.reader.states[: block.height]
        fits = all(self.lalr.step(states, word.type) for word in block.fed[:-1])
        return self.lalr.accepted(states) if block.fed and fits else frozenset()

    # ---- braces -------------------------------------------------------------------------------------------------

    def set_is_open(self) -> bool:
        """A set without its `}`: it goes on into a line that starts a statement."""
        word, block = self.reader.word, self.reader.block
        if not block.sets or not starts_line(word):
            return False
        declares = column(word) == 1 and word in self.lalr.starters("")
        if word not in self.lalr.starters(block.keyword) and not declares:
            return False
        self.report(_unclosed_set(block.sets[-1].span))
        self.reader.drop(self.reader.index)
        return True

    def line_is_open(self) -> bool:
        """A comma or an arrow at the end of a line took the keyword of the next statement for a name."""
        reader, block = self.reader, self.reader.block
        words = [*block.fed, reader.word]
        joints = [i for i in range(len(block.fed)) if block.fed[i].type in JOINTS and "\n" in block.fed[i]]
        if not joints or words[joints[-1] + 1] not in self.lalr.starters(block.keyword):
            return False
        fed, following = words[: joints[-1] + 1], words[joints[-1] + 1]
        states = reader.states[: block.height]
        if not all(self.lalr.step(states, word.type) for word in fed):
            return False
        message = f"expected {wanted(fed, block.keyword, self.lalr.accepted(states), self.lalr.spelling)}"
        message += f" {place(fed, block.keyword)}"
        self.report(Problem(codes.SYNTAX, message, fed[-1].span, help="the statement goes on in the next line"))
        reader.drop(next(i for i in range(reader.index, -1, -1) if reader.words[i] is following))
        return True

    def block_is_open(self) -> bool:
        """A block without its `}`: a line no further right than the block itself starts another declaration."""
        reader, block = self.reader, self.reader.block
        first = block.fed[0] if block.fed else reader.word
        if len(reader.blocks) == 1 or not starts_line(first) or column(first) > block.column:
            return False
        if first not in self.lalr.starters("") or (block.keyword == "host" and first != "host"):
            return False
        doubtful = bool(block.fed) or len(self.lalr.homes(first)) > 1  # `interface` may be an option gone wrong
        if doubtful and not self._would_fit_outside(block.first):
            return False
        self.report(_unclosed(block, first.span))
        start, again = block.first, block.fed
        reader.cut()
        reader.insert("RBRACE", "}", first.span.start)
        reader.insert("_SEP", "\n", first.span.start)
        for word in again:
            reader.feed(word)
        reader.block.first = start
        return True

    def _would_fit_outside(self, start: int) -> bool:
        states = self.reader.states[: self.reader.block.height]
        return self.lalr.step(states, "RBRACE") and self.lalr.step(states, "_SEP") and self._runs_on(states, start)

    def stray_brace(self) -> None:
        """A `}` with no block open. What stands behind it in its line goes with it."""
        reader = self.reader
        if not self.astray:
            help = "each `}` closes the last `{` that is still open"
            self.report(Problem(codes.UNMATCHED_BRACE, "this `}` closes nothing", reader.word.span, help=help))
        self.astray = True
        reader.lose(reader.index, reader.index + 1)
        reader.index += 1
        if reader.block.fed:
            return
        reader.block.first = reader.index
        if reader.word.type == "_SEP":
            reader.index = reader.block.first = reader.index + 1

    def at_end(self) -> None:
        """The text ends inside a statement or a block."""
        block = self.reader.block
        if block.sets:
            self.report(_unclosed_set(block.sets[-1].span))
            self.reader.drop(self.reader.index)
            self.close_all()
        elif block.fed and not self.complete:
            self.explained()
        else:
            opened = self.reader.blocks[1:]
            if opened:
                blamed = self.reader.suspect if self.reader.suspect is not None else opened[-1]
                self.report(_unclosed(blamed))
            self.close_all()

    def close_all(self) -> None:
        """Ends all blocks that are still open."""
        reader = self.reader
        place = len(reader.source.text)
        while len(reader.blocks) > 1:
            if not reader.insert("RBRACE", "}", place):
                reader.cut()

    def give_up(self) -> None:
        """Reads no further."""
        message = f"more than {MAX_ERRORS} syntax errors; the rest of the file was not read"
        self.diagnostics.report(codes.TOO_MANY_ERRORS, message, self.reader.word.span, help="is this a flow file?")
        self.reader.drop(self._end())
        self.close_all()

    # ---- the way on ---------------------------------------------------------------------------------------------

    def skip(self) -> None:
        """Leaves out the current statement to its end, or only what is behind it if it is complete as it is."""
        reader = self.reader
        end = self._statement_end()
        if self.complete:
            reader.lose(reader.index, end)
            reader.index = end
            return
        reader.drop(end)
        if reader.word.type == "_SEP":
            reader.index = reader.block.first = end + 1

    def _statement_end(self) -> int:
        """The index of the word that ends the current statement: a separator, the block's `}` or the text's end."""
        words, block = self.reader.words, self.reader.block
        sets = depth = len(block.sets)
        top = self.lalr.starters("")
        inside = self.lalr.starters(block.keyword)
        for index, word in words.onward(self.reader.index):
            if word.type == "LBRACE":
                depth += 1
            elif word.type == "RBRACE":
                if depth == 0 and (len(self.reader.blocks) > 1 or starts_line(word)):
                    return index
                depth = max(0, depth - 1)
                sets = min(sets, depth)
            elif word.type == "_SEP":
                following = words[index + 1]
                in_new_line = depth > 0 and starts_line(following)
                declares = in_new_line and column(following) == 1 and following in top
                if depth == 0 or declares or (in_new_line and depth == sets and following in inside):
                    return index
        return self._end()

    def _end(self) -> int:
        """The index of the text's last word, its END."""
        return max(index for index, _ in self.reader.words.onward(self.reader.index))

    def mend(self, repair: Repair) -> bool:
        """Replaces some words around the error if the statement can go on then."""
        reader, block = self.reader, self.reader.block
        rest = reader.index + repair.ahead
        replaced = [*block.fed[len(block.fed) - repair.back :], *reader.words.between(reader.index, rest)]
        place = reader.word.span.start
        span = replaced[0].span.to(replaced[-1].span) if replaced else reader.source.span(place, place)
        new = [Word.make(kind, text, span) for kind, text in repair.words]
        states = reader.states[: block.height] if repair.back else reader.states.copy()
        kept = block.fed[: -repair.back] if repair.back else []
        if not all(self.lalr.step(states, self.lalr.kind(states, word)) for word in (*kept, *new)):
            return False
        if not repair.sure and not self._goes_on(states, rest, new[-1].type):
            return False
        if repair.back:
            reader.cut()
        for word in (*kept, *new):
            reader.feed(word)
        reader.index = rest
        if new[-1].type in {"_SEP", "LBRACE"}:
            reader.block.first = rest
        return True

    def _goes_on(self, states: list[int], start: int, last: str) -> bool:
        """True if the text makes sense behind a repair that ends with a word of kind `last`."""
        if last == "_SEP":
            return True
        if last == "LBRACE":
            # A block's `{` is only believed to be missing if its statements follow, further right than the block.
            words, opener = self.reader.words, self.reader.block.fed[0]
            line_end, last = next((i, word) for i, word in words.onward(start) if word.type in {"_SEP", END})
            first = last if last.type == END else words[line_end + 1]
            if opener not in HEADERS or column(first) <= column(opener) or first not in self.lalr.starters(opener):
                return False
            if line_end == start and self.lalr.step(states, "_SEP"):
                return self._runs_on(states, start + 1)
        return self._runs_on(states, start)

    def _runs_on(self, states: list[int], start: int) -> bool:
        """True if the words from `start` to the end of the statement or of its header fit behind `states`."""
        depth = 0
        for _, word in self.reader.words.onward(start):
            kind = self.lalr.kind(states, word)
            if not self.lalr.step(states, kind):
                return False
            if kind == "LBRACE":
                if self.lalr.opens_block(states):
                    return True
                depth += 1
            elif depth and kind == "RBRACE":
                depth -= 1
            elif kind == END or (not depth and kind in {"_SEP", "RBRACE"}):
                return True
        return True


def _unclosed_set(brace: Span) -> Problem:
    return Problem(codes.UNCLOSED_BLOCK, "the set that starts here is not closed", brace, help="add the missing `}`")


def _unclosed(block: Block, before: Span | None = None) -> Problem:
    """A block without its `}`, or a set in it that took that `}` for its own."""
    if block.suspect is not None:
        return _unclosed_set(block.suspect)
    message = f"the block of this `{block.keyword}` is not closed"
    related = [(before, "before this declaration")] if before else []
    return Problem(codes.UNCLOSED_BLOCK, message, block.brace, related, help="add the missing `}`")
