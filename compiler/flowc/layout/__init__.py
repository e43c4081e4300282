"""The one layout of .flow files: a text to the same text as everybody would have laid it out.

    root  = read(source)          words, and the comments and line breaks between them
    lines = written(root)         what stands in which line, and how far in
    text  = joined(lines)         columns of neighbouring lines aligned

The words themselves are never touched: they come out in the order in which they went in. A text that has been laid out
is laid out the same way again. docs/formatting.md says the rules to people.
"""

from __future__ import annotations

from flowc.diagnostics import Diagnostics
from flowc.layout.align import joined
from flowc.layout.lines import written
from flowc.layout.read import read
from flowc.source import Source
from flowc.syntax.parse import parse


def format_source(source: Source, diagnostics: Diagnostics) -> str | None:
    """The text laid out; None, after a report of all its syntax errors, if it has some."""
    before = len(diagnostics)
    parse(source, diagnostics)
    if len(diagnostics) > before:
        return None
    return joined(written(read(source)))
