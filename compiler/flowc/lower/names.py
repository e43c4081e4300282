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

_OTHER = re.compile(r"[^A-Za-z0-9_.-]")


def chain(*words: str) -> str:
    """`policy/internet/tenant`; what would be too long for nft ends in a hash of the whole."""
    name = "/".join(_OTHER.sub(lambda match: f"/x{ord(match[0]):x}/", word) for word in words)
    if len(name) <= LONGEST:
        return name
    return f"{name[: LONGEST - 17]}/{sha256(name.encode()).hexdigest()[:16]}"
