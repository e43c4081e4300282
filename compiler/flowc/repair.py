"""Findings to repaired files: the edits that findings carry, written into the files that they are about.

A file is replaced as a whole, and only if it still holds what was checked. Its line ends, a byte order mark and its mode
stay. Edits that overlap are left out: another run makes them, if they are still right then.
"""

from __future__ import annotations

import os
import re
from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from flowc.diagnostics import Diagnostic, Edit, Fix
from flowc.files import rewrite
from flowc.source import Source

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Repaired:
    """What became of the fixes."""

    count: int
    """Findings that were repaired."""
    files: tuple[str, ...]
    """The files that were written, as findings call them."""
    changed: tuple[str, ...]
    """Files that are other ones by now, and were left alone."""


def repair(findings: Iterable[Diagnostic]) -> Repaired:
    """Make the fixes that findings carry. Raises OSError for a file that cannot be written."""
    fixes = {_key(one, one.fix): one.fix for one in findings if one.fix and _is_possible(one.fix)}
    sources = {_path(edit): edit.span.source for fix in fixes.values() for edit in fix.edits}
    contents = {path: content for path, source in sources.items() if (content := _content(path, source)) is not None}
    chosen, count = choose(fix for fix in fixes.values() if all(_path(edit) in contents for edit in fix.edits))
    for path, edits in chosen.items():
        rewrite(path, edited(contents[path], edits))
    changed = sorted(source.name for path, source in sources.items() if path not in contents)
    return Repaired(count, tuple(sources[path].name for path in chosen), tuple(changed))


def choose(fixes: Iterable[Fix]) -> tuple[dict[Path, list[Edit]], int]:
    """The edits to make in each file, in its order, and the number of fixes that they are.

    Of fixes that overlap the first is taken. Several may have the same edit: it is made once.
    """
    chosen: dict[Path, _Edits] = {}
    count = 0
    for fix in fixes:
        places = [(edit, chosen.setdefault(_path(edit), _Edits())) for edit in fix.edits]
        if all(edits.has_room(edit) for edit, edits in places):
            count += 1
            for edit, edits in places:
                edits.add(edit)
    files = {path: [edits.by_place[place] for place in edits.places] for path, edits in chosen.items()}
    return {path: edits for path, edits in files.items() if edits}, count


def edited(content: bytes, edits: Sequence[Edit]) -> bytes:
    """A file with the edits made; they are in its order and do not overlap."""
    mark = content.startswith(_BOM)
    text = content.removeprefix(_BOM).decode("utf-8")
    # A source has \n for every line end, so that what stands behind a \r\n has moved by one.
    moved = [match.start() - index for index, match in enumerate(re.finditer("\r\n", text))]
    newline = "\r\n" if moved else "\n"
    parts: list[str] = []
    done = 0
    for edit in edits:
        start, end = (place + bisect_left(moved, place) for place in edit.span[1:])
        parts += [text[done:start], edit.text.replace("\n", newline)]
        done = end
    return _BOM * mark + "".join([*parts, text[done:]]).encode()


@dataclass(slots=True)
class _Edits:
    """Edits of one file that do not overlap."""

    places: list[tuple[int, int]] = field(default_factory=list)
    by_place: dict[tuple[int, int], Edit] = field(default_factory=dict)

    def has_room(self, edit: Edit) -> bool:
        _, start, end = edit.span
        same = self.by_place.get((start, end))
        if same is not None:
            return same.text == edit.text
        index = bisect_left(self.places, (start, end))
        before, behind = self.places[max(0, index - 1) : index], self.places[index : index + 1]
        return not any(_overlap((start, end), place) for place in (*before, *behind))

    def add(self, edit: Edit) -> None:
        _, start, end = edit.span
        if (start, end) not in self.by_place:
            insort(self.places, (start, end))
            self.by_place[start, end] = edit


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """True also where text is inserted at the edge of what is replaced: nothing says what is to come first."""
    if one[0] == one[1] or other[0] == other[1]:
        return one[0] <= other[1] and other[0] <= one[1]
    return one[0] < other[1] and other[0] < one[1]


def _is_possible(fix: Fix) -> bool:
    """True if all of it is about files, which standard input is none of, and it does not get in its own way."""
    if any(edit.span.source.path is None for edit in fix.edits):
        return False
    places = sorted((_path(edit), edit.span[1:]) for edit in fix.edits)
    return not any(one[0] == other[0] and _overlap(one[1], other[1]) for one, other in pairwise(places))


def _key(finding: Diagnostic, fix: Fix) -> tuple[object, ...]:
    """What the same finding has in common that was found twice: a file may be included by several others."""
    return finding.code.number, finding.message, *((_path(edit), *edit.span[1:], edit.text) for edit in fix.edits)


def _path(edit: Edit) -> Path:
    """The file itself, behind all links."""
    assert edit.span.source.path is not None
    return Path(os.path.realpath(edit.span.source.path))


def _content(path: Path, source: Source) -> bytes | None:
    """What is in the file; None if that is not the text that was checked."""
    try:
        content = path.read_bytes()
        text = content.removeprefix(_BOM).decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    return content if text.replace("\r\n", "\n").replace("\r", "\n") == source.text else None
