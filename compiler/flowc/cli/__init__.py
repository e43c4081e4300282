"""The command line: what is typed, what is printed, and the exit status. What a command does is flowc.api's.

Starting up counts, because `flowc` runs on every save and in every commit hook: this package imports argparse and
nothing heavy, and each command imports what it needs when it runs.
"""

from flowc.cli.main import main, run_process

__all__ = ["main", "run_process"]
