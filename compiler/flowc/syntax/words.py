"""The words of a text in front of the parser, scanned when somebody looks at them.

Plain statements come as one word (flowc.syntax.bulk) until a word does not fit. From there on
they come word by word, so that what is said of a mistake, and what is left out because of it, is the same with and
without plain statements around it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from flowc.syntax.scan import END, Word

Scan = Callable[[int, bool], Iterator[Word]]
"""The words of the text from an offset on, with or without plain statements as one."""


class Words:
    """Words by their index from the start of the text, the last one of type END."""

    def __init__(self, scan: Scan, *, rows: bool) -> None:
        self._scan = scan
        self._rows_wanted = rows
        self._rows = rows
        self._coming = scan(0, rows)
        self._seen: list[Word] = []
        self._first = 0
        """The index of the first word in `_seen`."""

    def __getitem__(self, index: int) -> Word:
        place = index - self._first
        while place >= len(self._seen):
            self._seen.append(next(self._coming))
        return self._seen[place]

    def onward(self, start: int) -> Iterator[tuple[int, Word]]:
        """The words from an index to the end, each with its own."""
        index = start
        while True:
            word = self[index]
            yield index, word
            if word.type == END:
                return
            index += 1

    def between(self, start: int, end: int) -> list[Word]:
        """The words from `start` to the one before `end`, or to the last one."""
        found = []
        for index, word in self.onward(start):
            if index >= end:
                break
            found.append(word)
        return found

    def forget(self, index: int) -> None:
        """The words before this one will not be asked for again."""
        del self._seen[: index - self._first]
        self._first = index

    def split(self, index: int) -> bool:
        """Scans from this word on once more, word by word. False, and nothing has changed, if it was so already."""
        if not self._rows:
            return False
        self._again(index, rows=False)
        return True

    def join(self, index: int) -> None:
        """From this word on, plain statements are one word again."""
        if self._rows is not self._rows_wanted:
            self._again(index, rows=self._rows_wanted)

    def _again(self, index: int, *, rows: bool) -> None:
        start = self[index].span.start
        del self._seen[index - self._first :]
        self._coming = self._scan(start, rows)
        self._rows = rows
