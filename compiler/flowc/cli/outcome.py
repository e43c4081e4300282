"""Why a command could not do its work, and how output is given out so that it is known to have arrived."""

from __future__ import annotations

import io
import os
from typing import TextIO


class CannotRunError(Exception):
    """Usage, a file that cannot be read, a folder that cannot be written: exit status 2 and this one line."""


def one_line(text: str) -> str:
    """A text without line ends and without anything a terminal or a workflow's log would obey: a file may be called so."""
    if text.isprintable():
        return text
    from flowc.diagnostics.columns import visible  # noqa: PLC0415  # seldom needed

    return visible(text)


def emit(text: str, stream: TextIO) -> None:
    """Write to a stream to the end. Raises BrokenPipeError where nobody reads, CannotRunError on a full disk."""
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        discard(stream)
        raise CannotRunError(f"cannot write the output: {error.strerror or error}") from error


def emit_utf8(text: str, stream: TextIO) -> None:
    """Write what is a file, or goes into one, in the encoding of files: the terminal's may be another one."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(encoding="utf-8", newline="\n")
    emit(text, stream)


def discard(stream: TextIO) -> None:
    """Send what the stream still holds nowhere, or Python complains when it flushes at exit."""
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError):  # no file below it
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)
