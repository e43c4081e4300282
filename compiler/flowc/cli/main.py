"""From the arguments to the exit status: the one place that turns exceptions into words.

Exit status: 0 nothing to report, 1 findings, 2 could not run (flowc.cli.arguments has the words for users). Whatever the input, nobody gets to see a traceback.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn, TextIO

from flowc.cli.arguments import build_parser
from flowc.cli.outcome import CannotRunError, discard, emit, one_line

CANNOT_RUN = 2
BY_SIGNAL = 128  # as a shell counts
BROKEN_PIPE = BY_SIGNAL + signal.SIGPIPE


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    sys.stdout = sys.stdout or _nowhere()
    sys.stderr = sys.stderr or _nowhere()
    for stream in (sys.stdout, sys.stderr):
        # A character that the terminal's encoding does not have is no reason to fail.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        arguments = build_parser().parse_args(argv)
        status: int = arguments.run(arguments)
    except SystemExit as exit_:  # argparse's way to end, after --help or a usage error
        return exit_.code if isinstance(exit_.code, int) else CANNOT_RUN
    except CannotRunError as error:
        return _fail(str(error))
    except BrokenPipeError:
        discard(sys.stdout)
        discard(sys.stderr)
        return BROKEN_PIPE  # the reader has seen enough
    except KeyboardInterrupt as error:
        if str(error):  # it was in the middle of something
            _fail(str(error))
        return BY_SIGNAL + getattr(error, "number", signal.SIGINT)
    except Exception as error:  # noqa: BLE001  # the promise that nothing prints a traceback
        return _internal_error(error)
    return status


def run_process() -> NoReturn:
    """`main` for a process of its own. It ends soon, and what it makes is needed until then: to look for what could be
    freed takes a tenth of the time. Before and after `main` Ctrl-C does what it did to the caller.
    """
    gc.disable()
    before = signal.getsignal(signal.SIGINT)
    try:
        if before is signal.SIG_DFL:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        status = main()
        signal.signal(signal.SIGINT, before)
    except KeyboardInterrupt:  # between two of these lines
        status = BY_SIGNAL + signal.SIGINT
    gc.freeze()  # Python looks a last time when it ends, whatever is switched off
    sys.exit(status)


def _nowhere() -> TextIO:
    """Python has no stream for what the caller closed (`flowc ... >&-`)."""
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123  # pathlib costs start-up; open to the end


def _fail(message: str) -> int:
    with suppress(CannotRunError, BrokenPipeError):  # there is no other place to say it
        emit(f"flowc: {one_line(message)}\n", sys.stderr)
    return CANNOT_RUN


def _internal_error(error: Exception) -> int:
    """A mistake of flowc's own. The trace is for those who can use it."""
    if os.environ.get("FLOWC_TRACEBACK"):
        import traceback  # noqa: PLC0415  # needed only here

        traceback.print_exception(error)
    text = " ".join(str(error).split())
    what = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return _fail(f"internal error: {what}; please report it with the file; FLOWC_TRACEBACK=1 shows the trace")
