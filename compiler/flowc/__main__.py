"""`python -m flowc`: the same as `flowc`, also from a checkout that is not installed."""

from flowc.cli import run_process

run_process()
