"""The process `flowc`, and `python -m flowc` from a checkout that is not installed."""

import signal
from typing import NoReturn


def run_process() -> NoReturn:
    """Until there is something that could tell of it, Ctrl-C ends the process without a word, as signal(7) has it."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from flowc.cli.main import run_process  # noqa: PLC0415  # takes longer than all of this

    run_process()


if __name__ == "__main__":
    run_process()
