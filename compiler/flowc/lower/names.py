r"""Names inside the nft table.

nft takes letters, digits and `/ \ _ .` behind a first letter, and has some two hundred keywords that cannot be names
(`fwd`, `map`, `in` is none but `dst` is). A generated name therefore always starts with a word of flowc's and a slash,
which no name in a .flow file holds unless it was quoted; other characters are written as `/x41/` and so stay distinct.
"""

from __future__ import annotations

import re

_OTHER = re.compile(r"[^A-Za-z0-9_.-]")


def chain(*words: str) -> str:
    """`policy/internet/tenant`."""
    return "/".join(_OTHER.sub(lambda match: f"/x{ord(match[0]):x}/", word) for word in words)
