"""`python -m flowc.cli`: the same as `flowc`, from a checkout that is not installed."""

from flowc.cli import run_process

run_process()
