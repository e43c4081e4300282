r"""Names inside the nft table.

nft takes letters, digits and `/ \ _ .` behind a first letter, and has some two hundred keywords that cannot be names
(`fwd`, `map`, `in` is none but `dst` is). A generated name therefore always starts with a word of flowc's and a slash,
which no name in a .flow file holds unless it was quoted; other characters are written as `/x41/` and so stay distinct.
"""

from __future__ import annotations

import re
from hashlib import sha256

LONGEST = 240
"""Bytes; NFT_NAME_MAXLEN is 256 with the final NUL (include/uapi/linux/netfilter/nf_tables.h), and a set's name gets
a suffix."""

KIND = 20
"""Bytes of them that the first word, which is flowc's own, and its slash may have."""

_OTHER = re.compile(r"[^A-Za-z0-9_.-]")


def chain(kind: str, *words: str) -> str:
    """`policy/internet/tenant`; words too long for nft end in a hash of them, the same behind every kind of chain."""
    rest = "/".join(_OTHER.sub(lambda match: f"/x{ord(match[0]):x}/", word) for word in words)
    if len(rest) > LONGEST - KIND:
        rest = f"{rest[: LONGEST - KIND - 17]}/{sha256(rest.encode()).hexdigest()[:16]}"
    return f"{kind}/{rest}"
