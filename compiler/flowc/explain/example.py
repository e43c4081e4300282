"""What an example of a code is: a small file that is reported with it, and one that is not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

FILE = "example.flow"
"""What an example is called."""

FACTS = "facts.json"
"""What the facts of its host are called."""


class Example(NamedTuple):
    """`bad` is reported with the code and with nothing else, `good` with nothing worse than a note."""

    bad: str
    good: str
    beside: Mapping[str, str] = {}
    """Other files in the same folder, by name. A byte that is no UTF-8 is a surrogate, as of `surrogateescape`."""
    bad_facts: str | None = None
    """The facts of the host that `bad` is reported with, as a JSON document."""
    good_facts: str | None = None
