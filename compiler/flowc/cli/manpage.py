"""The parser to a manual page in roff, as man(7) has it: the same words as those of `--help`."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Mapping
from textwrap import wrap

from flowc.cli.arguments import ENVIRONMENT, EXIT_STATUS
from flowc.cli.introspect import actions, commands

WIDTH = 78
_ESCAPES = str.maketrans({"\\": r"\[rs]", "-": r"\-", "'": r"\[aq]", "^": r"\[ha]", "~": r"\[ti]"})
SEE_ALSO = (("nft", 8), ("ip", 8), ("tc", 8), ("sysctl", 8))


def manpage(parser: argparse.ArgumentParser, version: str) -> str:
    """The page of the whole command line."""
    name = parser.prog
    description = parser.description or ""
    subparsers = commands(parser).values()
    return "".join(
        f"{line}\n"
        for line in (
            f'.TH {name.upper()} 1 "" "{_escaped(name)} {_escaped(version)}" "User Commands"',
            ".SH NAME",
            _text(f"{name} - {_clause(description)}"),
            ".SH SYNOPSIS",
            *(line for command in subparsers for line in (_synopsis(command), ".br")),
            rf"{_bold(name)} {_bold('--help')} | {_bold('--version')}",
            ".SH DESCRIPTION",
            _text(description),
            ".SH OPTIONS",
            *(line for action in actions(parser) for line in _action(action, parser)),
            ".SH COMMANDS",
            *(line for command in subparsers for line in _command(command)),
            ".SH EXIT STATUS",
            *_items({str(status): meaning for status, meaning in EXIT_STATUS.items()}),
            ".SH ENVIRONMENT",
            *_items(ENVIRONMENT),
            ".SH SEE ALSO",
            *(f".BR {page} ({section})," for page, section in SEE_ALSO[:-1]),
            f".BR {SEE_ALSO[-1][0]} ({SEE_ALSO[-1][1]})",
        )
    )


def _command(parser: argparse.ArgumentParser) -> Iterator[str]:
    yield f".SS {_escaped(parser.prog)}"
    yield _text(parser.description or "")
    for action in actions(parser):
        if action.dest != "help":
            yield from _action(action, parser)


def _action(action: argparse.Action, parser: argparse.ArgumentParser) -> Iterator[str]:
    """An option or an argument, and what it is."""
    value = _value(action)
    names = ", ".join(_bold(one) for one in action.option_strings)
    yield ".TP"
    yield f"{names} {value}".strip()
    yield _text((action.help or "") % {**vars(action), "prog": parser.prog})


def _synopsis(parser: argparse.ArgumentParser) -> str:
    """`flowc check [OPTION]... FILE...`."""
    listed = list(actions(parser))
    options = [rf"[{_italic('OPTION')}]..."] if any(action.option_strings for action in listed[1:]) else []
    operands = [_operand(action) for action in listed if not action.option_strings]
    return " ".join([_bold(parser.prog), *options, *operands])


def _operand(action: argparse.Action) -> str:
    """An argument as often as it can be given."""
    value = _value(action)
    forms = {"?": f"[{value}]", "*": f"[{value}]...", "+": f"{value}..."}
    return forms.get(str(action.nargs), value)


def _value(action: argparse.Action) -> str:
    """What stands for the value of an option or for an argument; nothing for a switch."""
    if action.nargs == 0:
        return ""
    if action.choices is not None and action.metavar is None:
        return "|".join(_bold(str(choice)) for choice in action.choices)
    return _italic(str(action.metavar or action.dest.upper()))


def _items(items: Mapping[str, str]) -> Iterator[str]:
    for term, meaning in items.items():
        yield from (".TP", _bold(term), _text(meaning))


def _clause(text: str) -> str:
    """A sentence as the line under NAME has it."""
    return text[:1].lower() + text[1:].rstrip(".")


# ---- roff -----------------------------------------------------------------------------------------------------------


def _bold(text: str) -> str:
    return rf"\fB{_escaped(text)}\fR"


def _italic(text: str) -> str:
    return rf"\fI{_escaped(text)}\fR"


def _text(text: str) -> str:
    """A paragraph: each sentence starts a line."""
    sentences = re.split(r"(?<=\.) (?=[A-Z])", text)
    lines = (line for sentence in sentences for line in wrap(_escaped(sentence), WIDTH, break_on_hyphens=False))
    return "\n".join(lines)


def _escaped(text: str) -> str:
    """Plain text: a hyphen that can be copied, no escapes, and no word that a line could not start with."""
    return re.sub(r"(?<!\S)\.", r"\\&.", text.translate(_ESCAPES))
