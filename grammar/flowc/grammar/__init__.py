"""The grammar of the flow language: `flow.lark`, and nothing but loading it."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def text() -> str:
    """The grammar in lark's notation."""
    return files(__package__).joinpath("flow.lark").read_text(encoding="utf-8")
