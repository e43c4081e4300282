"""One packet statement by itself: the argument of a command is read as if it stood in a test block."""

from __future__ import annotations

from flowc.diagnostics import Diagnostics
from flowc.source import Source
from flowc.syntax import codes, tree
from flowc.syntax.lalr import automaton
from flowc.syntax.reader import Reader
from flowc.syntax.recover import Recovery
from flowc.syntax.scan import END

NAME = "packet"
"""What the text is called in diagnostics."""

EXAMPLE = "tcp 198.51.100.7 -> 192.0.2.1:80 from ZONE"


def parse_packet(text: str, diagnostics: Diagnostics) -> tree.Packet | None:
    """The statement; None after a report. Nothing is raised, whatever the text is."""
    source = Source(NAME, text)
    reader = Reader(source, automaton(), rows=False)
    for kind, word in (("TEST", "test"), ("STRING", '""'), ("LBRACE", "{")):
        reader.insert(kind, word, 0)
    reader.block.column = 0  # no line of the text is further left, so that none can be the next declaration
    reader.block.first = 0
    recovery = Recovery(reader, diagnostics)
    before = len(diagnostics)
    while not reader.at_end:
        if len(reader.blocks) == 1 and reader.word.type != END:
            diagnostics.report(codes.UNMATCHED_BRACE, "this `}` closes nothing", reader.words[reader.index - 1].span)
            return None
        if reader.word.type == END and len(reader.blocks) > 1 and (not reader.block.fed or recovery.complete):
            recovery.close_all()
        elif not reader.advance():
            recovery.recover()
    if len(diagnostics) > before:
        return None
    return _only(reader.result, source, diagnostics)


def _only(statements: tuple[tree.Statement, ...], source: Source, diagnostics: Diagnostics) -> tree.Packet | None:
    steps = [step for one in statements if isinstance(one, tree.Test) for step in one.steps]
    help = f"write one packet: `{EXAMPLE}`"
    if not steps:
        diagnostics.report(codes.SYNTAX, "no packet is given", source.span(0, len(source.text)), help=help)
        return None
    first, *others = steps
    wrong = next((one for one in others or steps if others or isinstance(one, tree.Expectation)), None)
    if isinstance(first, tree.Packet) and wrong is None:
        return first
    assert wrong is not None
    what = (
        "nothing is expected of a packet here"
        if isinstance(wrong, tree.Expectation)
        else "only one packet is asked about"
    )
    diagnostics.report(codes.SYNTAX, what, wrong.span, help=help)
    return None
