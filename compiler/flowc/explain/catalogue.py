"""All codes, and the example of each."""

from __future__ import annotations

from functools import cache

import flowc.api  # noqa: F401  # a code is declared when the module that reports it is imported: this one imports all
from flowc.checks import CHECKS, AnyCheck, FactsCheck
from flowc.diagnostics import Code, Diagnostics, registered
from flowc.explain import meaning, names, text
from flowc.explain.example import FILE, Example
from flowc.layout import format_source
from flowc.source import Source


def codes() -> tuple[Code, ...]:
    """By number."""
    return registered()


def find(word: str) -> Code | None:
    """The code of this number or name, however it is written: `FC301`, `fc301` or `duplicate-eip`."""
    wanted = word.strip().lower()
    return next((code for code in codes() if wanted in (code.number.lower(), code.name)), None)


def example(code: Code) -> Example:
    """Laid out as `flowc fmt` does. Raises KeyError for a code that has none: a test sees to it that none lacks one."""
    shown = _examples()[code.number]
    return shown._replace(bad=_laid_out(shown.bad), good=_laid_out(shown.good))


def _laid_out(text: str) -> str:
    """As it is where its syntax is what is wrong with it."""
    return format_source(Source(FILE, text), Diagnostics()) or text


@cache
def _examples() -> dict[str, Example]:
    return {**text.EXAMPLES, **names.EXAMPLES, **meaning.EXAMPLES, **{one.code.number: _of(one) for one in CHECKS}}


def _of(check: AnyCheck) -> Example:
    shown = Example(check.bad.lstrip("\n"), check.good.lstrip("\n"))
    if not isinstance(check, FactsCheck):
        return shown
    facts = check.facts.lstrip("\n")
    return shown._replace(bad_facts=facts, good_facts=check.good_facts.lstrip("\n") or facts)
