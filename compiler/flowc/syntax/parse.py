"""One text to a syntax tree, with all its syntax errors reported in one run."""

from __future__ import annotations

from flowc.diagnostics import Diagnostics
from flowc.source import Source
from flowc.syntax import tree
from flowc.syntax.lalr import automaton
from flowc.syntax.reader import Reader
from flowc.syntax.recover import Recovery


def parse(source: Source, diagnostics: Diagnostics, *, rows: bool = True) -> tree.File:
    """The tree of a text. What is wrong with the text is reported; nothing is raised.

    Without `rows`, plain statements too are read word by word, and are nodes of their own.
    """
    reader = Reader(source, automaton(), rows=rows)
    recovery = Recovery(reader, diagnostics)
    while not reader.at_end:
        if not reader.advance() and not reader.split_rows():
            recovery.recover()
    return reader.file()
