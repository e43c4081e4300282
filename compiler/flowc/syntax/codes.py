"""The diagnostics of the first stage: FC0xx, everything about a file's text and the files it includes."""

from __future__ import annotations

from flowc.diagnostics import Severity, register

SYNTAX = register(
    "FC001",
    "syntax",
    Severity.ERROR,
    "Something else is expected here. The statement is left out and reading goes on behind it, so one run shows the "
    "errors of the whole file.",
)
MISSPELT_KEYWORD = register(
    "FC002",
    "misspelt-keyword",
    Severity.ERROR,
    "The word is no keyword that can stand here, but close to one that can.",
)
UNKNOWN_STATEMENT = register(
    "FC003",
    "unknown-statement",
    Severity.ERROR,
    "No statement, or no option of this block, starts with this word.",
)
MISPLACED_STATEMENT = register(
    "FC004",
    "misplaced-statement",
    Severity.ERROR,
    "The statement exists, but belongs into another kind of block. Often a `}` too many closed that block before.",
)
MISSING_SEPARATOR = register(
    "FC005",
    "missing-separator",
    Severity.ERROR,
    "Two statements stand in one line. Statements end at the end of the line, at `;` and before `}`.",
)
UNCLOSED_BLOCK = register(
    "FC006",
    "unclosed-block",
    Severity.ERROR,
    "A `{` has no `}`. It is noticed at the end of the file, or where a line that is not indented starts a declaration "
    "that cannot stand inside the block.",
)
UNMATCHED_BRACE = register(
    "FC007",
    "unmatched-brace",
    Severity.ERROR,
    "A `}` closes nothing: every block before it is closed already.",
)
OPEN_STRING = register(
    "FC008",
    "open-string",
    Severity.ERROR,
    'A quoted name or text has no second `"` in its line.',
)
BAD_CHARACTER = register(
    "FC009",
    "bad-character",
    Severity.ERROR,
    "The language has no use for this character: a letter outside ASCII or a control character in a bare word, or a "
    "character that cannot be printed between quotes. Between quotes, every printable character is fine.",
)
NAME_NEEDS_QUOTES = register(
    "FC010",
    "name-needs-quotes",
    Severity.ERROR,
    "A bare name starts with a letter or `_` and goes on with letters, digits, `_`, `-` and `.`. Every other name is "
    'written in double quotes: `"4g"`.',
)
WRONG_FORM = register(
    "FC011",
    "wrong-form",
    Severity.ERROR,
    "It is clear what is meant, but it is written in another way here: a set of ports in braces, an IPv6 address with "
    "a port in brackets, a MAC address with colons.",
)
TOO_DEEP = register(
    "FC012",
    "nested-too-deep",
    Severity.ERROR,
    "Sets inside of sets, or files that include files, are nested deeper than any real file needs.",
)
TOO_MANY_ERRORS = register(
    "FC013",
    "too-many-errors",
    Severity.ERROR,
    "The file has so many syntax errors that it is probably no flow file. The rest of it was not read.",
)
INCLUDE_UNREADABLE = register(
    "FC020",
    "include-unreadable",
    Severity.ERROR,
    "The included file does not exist or cannot be read. Its path is relative to the file that includes it.",
)
INCLUDE_CYCLE = register(
    "FC021",
    "include-cycle",
    Severity.ERROR,
    "A file includes itself, directly or through others.",
)
HOST_IN_HOST = register(
    "FC022",
    "host-in-host",
    Severity.ERROR,
    "A file that is included inside a `host` block declares a host itself. What the file declares belongs to the host "
    "that includes it.",
)
NOT_UTF8 = register(
    "FC023",
    "not-utf8",
    Severity.ERROR,
    "The file is not UTF-8 text. Nothing of it was read.",
)
TABLE_UNREADABLE = register(
    "FC024",
    "table-unreadable",
    Severity.ERROR,
    "The CSV file of a bulk table does not exist or cannot be read. Its path is relative to the file that names it.",
)
TABLE_COLUMNS = register(
    "FC025",
    "table-columns",
    Severity.ERROR,
    "The first line of a CSV file names its columns, and one of them is missing, unknown or there twice. Nothing of the "
    "file was read.",
)
TABLE_ROW = register(
    "FC026",
    "table-row",
    Severity.ERROR,
    "A line of a CSV file is no row of its table: it has too many or too few fields, or a field holds something else "
    "than its column says. The line is left out, the others are read.",
)

MALFORMED_IGNORE = register(
    "FC030",
    "malformed-ignore",
    Severity.WARNING,
    "A comment starts with `flowc: ignore`, but does not name in brackets which checks it silences. It silences none.",
)
UNKNOWN_IGNORE = register(
    "FC031",
    "ignore-of-unknown",
    Severity.WARNING,
    "A `flowc: ignore` comment names a check that does not exist. Codes and names are those of this page.",
)
IGNORED_ERROR = register(
    "FC032",
    "ignore-of-error",
    Severity.WARNING,
    "A `flowc: ignore` comment names an error. Only warnings and notes can be silenced: what is an error would not work.",
)
UNUSED_IGNORE = register(
    "FC033",
    "unused-ignore",
    Severity.WARNING,
    "A `flowc: ignore` comment silences nothing: the check it names finds nothing on its line, perhaps any more. Where "
    "that is so only in some of the networks that include the file, the comment names `unused-ignore` too.",
)
UNEXPLAINED_IGNORE = register(
    "FC034",
    "ignore-without-reason",
    Severity.WARNING,
    "A `flowc: ignore` comment does not say why. It silences its check all the same.",
)
