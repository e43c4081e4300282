"""Comments that silence a check on a line: `# flowc: ignore[snat-as-eip] the provider answers for this one`.

At the end of a line it counts for what is reported of text that begins or ends on that line, alone on a line for the next
line that holds more than a comment. A comment is where the scanner sees one, so not between quotes; in a table it has a line for itself.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from flowc.diagnostics import Code, Diagnostic, Diagnostics, Fix, Severity, fixes
from flowc.source import Source, Span
from flowc.syntax import codes
from flowc.syntax.wording import listed, shown

MARK = "flowc:"
MAX_SUGGESTIONS = 50
"""Looking for what was meant takes a while, and a file with so many unknown codes is nobody's work."""

_CODE = re.compile(r'(?:[^"#\n]++|"[^"\n]*+")*+')
_IGNORE = re.compile(r"#[ \t]*flowc:[ \t]*ignore\b(?:[ \t]*\[(?P<names>[^\]\n]*)\])?(?P<reason>[^\n]*)")
_EMPTY_LINES = re.compile(r"(?:[ \t\f;]*+(?:#[^\n]*+)?\n)*+")
_EMPTY_END = re.compile(r"[ \t\f;]*+(?:#[^\n]*+)?\Z")

_Line = tuple[Path | str, int]
"""A file and the number of a line; the file by its path, because several hosts may include it."""


@dataclass(slots=True)
class _Ignore:
    """One comment."""

    span: Span
    names: list[Span]
    """What stands in the brackets."""
    reason: str
    silences: dict[Span, Code] = field(default_factory=dict)
    codes: frozenset[Code] = frozenset()
    """The same without their places."""
    unused: set[Code] = field(default_factory=set)
    """Those that have silenced nothing so far."""
    may_be_unused: bool = False


def silence(
    sources: Iterable[Source], found: Diagnostics, known: Iterable[Code], occasional: Collection[Code] = ()
) -> Diagnostics:
    """What was found in these texts less what their comments silence, and what is wrong with the comments.

    `known` are the codes that a comment may name. What is an error stays. An ignore of an `occasional` code, whose check
    depends on more than the files, is never called unused; nor is any other while there are errors, because some checks
    look only at what has none.
    """
    marked = [source for source in sources if MARK in source.text]
    if not marked:
        return found
    result = Diagnostics(ignored=dict(found.ignored))
    by_name = {name.casefold(): code for code in known for name in (code.number, code.name)}
    ignores: dict[_Line, _Ignore] = {}
    silent: dict[_Line, list[_Ignore]] = {}
    for source in marked:
        for ignore, line in _ignores(source):
            place = _line(ignore.span)
            if place not in ignores:
                ignores[place] = ignore
                silent.setdefault((place[0], line), []).append(ignore)
                _understand(ignore, by_name, result)
    for finding in found.items:
        reason = _reason(finding, silent)
        if reason is None:
            result.items[finding] = None
        else:
            result.ignored[finding] = reason
    if not found.has_errors:
        for ignore in ignores.values():
            ignore.unused.difference_update(occasional)
            _report_unused(ignore, result)
    return result


def _line(span: Span) -> _Line:
    return span.source.path or span.source.name, span.line


def _ignores(source: Source) -> Iterator[tuple[_Ignore, int]]:
    """The comments of a text, each with the line that it counts for; 0 for none. Linear in the length of the text."""
    text = source.text
    below = 0
    at = text.find(MARK)
    while at >= 0:
        start = text.rfind("\n", 0, at) + 1
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        code = _CODE.match(text, start)
        comment = _IGNORE.match(text, code.end() if code else start)
        if comment is not None:
            line = source.line(start)
            if not text[start : comment.start()].strip(" \t\f;"):
                if below <= end and (empty := _EMPTY_LINES.match(text, start)):
                    below = empty.end()  # also for the next comment, if that is one of those lines
                line = 0 if _EMPTY_END.match(text, below) else source.line(below)
            yield _ignore(source, comment), line
        at = text.find(MARK, end)


def _ignore(source: Source, comment: re.Match[str]) -> _Ignore:
    names = []
    start = comment.start("names")
    for name in (comment["names"] or "").split(","):
        first = start + len(name) - len(name.lstrip())
        names.append(source.span(first, first + len(name.strip())))
        start += len(name) + 1
    end = comment.start() + len(comment[0].rstrip())
    return _Ignore(source.span(comment.start(), end), names, comment["reason"].strip(" \t:-"))


def _understand(ignore: _Ignore, by_name: Mapping[str, Code], result: Diagnostics) -> None:
    """Find the codes, and report what is none or cannot be silenced."""
    if not all(name.text for name in ignore.names):
        message = "this comment does not say in brackets what to ignore"
        help = "write `# flowc: ignore[CODE] reason`, with the code or the name that stands before the finding"
        result.report(codes.MALFORMED_IGNORE, message, ignore.span, help=help)
        return
    for name in ignore.names:
        code = by_name.get(name.text.casefold())
        if code is None:
            close = get_close_matches(name.text.lower()[:60], by_name, 1) if len(result) < MAX_SUGGESTIONS else []
            advice = f"did you mean `{by_name[close[0]].name}`?" if close else None
            result.report(codes.UNKNOWN_IGNORE, f"no check is called {shown(name.text)}", name, help=advice)
        elif code.severity is Severity.ERROR:
            message = f"{shown(name.text)} is an error, and errors cannot be ignored"
            result.report(codes.IGNORED_ERROR, message, name)
        elif code is codes.UNUSED_IGNORE:
            ignore.may_be_unused = True
        else:
            ignore.silences[name] = code
    ignore.codes = frozenset(ignore.silences.values())
    ignore.unused = set(ignore.codes)
    if not ignore.reason:
        message = "this comment does not say why"
        result.report(codes.UNEXPLAINED_IGNORE, message, ignore.span, help="write the reason behind the `]`")


def _reason(finding: Diagnostic, silent: Mapping[_Line, list[_Ignore]]) -> str | None:
    """Why a finding is silenced; None if it is not."""
    if finding.severity is Severity.ERROR:
        return None
    source, start, end = finding.primary.span
    lines = {_line(Span(source, place, place)) for place in (start, max(start, end - 1))}
    found = [one for line in lines for one in silent.get(line, ()) if finding.code in one.codes]
    for ignore in found:
        ignore.unused.discard(finding.code)
    return min(found, key=lambda one: one.span.start).reason if found else None


def _report_unused(ignore: _Ignore, result: Diagnostics) -> None:
    unused = [name for name, code in ignore.silences.items() if code in ignore.unused]
    if not unused or ignore.may_be_unused:
        return
    message = f"there is no {listed([shown(name.text) for name in unused])} to ignore here"
    rest = [name.text for name in ignore.names if ignore.silences.get(name) not in ignore.unused]
    if rest:
        inside = ignore.names[0].to(ignore.names[-1])
        fix = fixes.replace(f"leave {listed(rest, 'and')} in the brackets", inside, ", ".join(rest))
    else:
        fix = _without(ignore.span)
    result.report(codes.UNUSED_IGNORE, message, unused[0] if rest else ignore.span, help=fix.title, fix=fix)


def _without(comment: Span) -> Fix:
    """The text without the comment and the spaces before it."""
    source, start, end = comment
    title = "remove the comment"
    before = source.line_text(comment.line)[: source.position(start).column - 1]
    if not before.strip():
        return fixes.remove(title, comment)
    return fixes.replace(title, Span(source, start - len(before) + len(before.rstrip()), end), "")
