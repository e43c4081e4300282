"""One text to a syntax tree, with all its syntax errors reported in one run."""

from __future__ import annotations

from flowc.diagnostics import Diagnostics
from flowc.source import Source
from flowc.syntax import tree
from flowc.syntax.lalr import automaton
from flowc.syntax.reader import Reader
from flowc.syntax.recover import Recovery


def parse(source: Source, diagnostics: Diagnostics) -> tree.File:
    """The tree of a text. What is wrong with the text is reported; nothing is raised."""
    reader = Reader(source, automaton())
    recovery = Recovery(reader, diagnostics)
    while not reader.at_end:
        if not reader.advance():
            recovery.recover()
    return reader.file()
