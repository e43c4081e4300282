"""JSON that every reader takes: pure ASCII, and nothing in it that is no character."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from flowc.diagnostics.columns import UNPRINTABLE

_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")


def dump(document: Mapping[str, object]) -> str:
    """The text of a document, ending in a newline.

    Python has a surrogate for each byte of a file's name that is not UTF-8. Strict readers refuse one by itself, so it
    becomes U+FFFD (RFC 8259, 8.2).
    """
    return _BEYOND_ASCII.sub(_escaped, json.dumps(document, indent=2, ensure_ascii=False)) + "\n"


def _escaped(found: re.Match[str]) -> str:
    """A character of a string; outside of strings JSON has none beyond ASCII."""
    char = UNPRINTABLE if "\ud800" <= found[0] <= "\udfff" else found[0]
    return json.dumps(char)[1:-1]
