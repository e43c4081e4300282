"""One `nft -f -`, and what is said if it fails: nft's words with the line that they are about, and its place."""

from __future__ import annotations

import re

from flowc.backends.nft.live.running import NFT, NftError, run

TABLE = "flowc"
EVERY_HOST = "# (every host)"
"""Stands before what is of no file."""

_WHERE = re.compile(r"^/dev/stdin:(\d+):(\d+)-\d+: (?:Error: )?(.*)$", re.MULTILINE)
_PLACES = (re.compile(r",  # (.*:\d+)$"), re.compile(r'comment "([^"]*:\d+)[ "]'), re.compile(r"\{  # (.*:\d+)$"))
_ABOVE = re.compile(r"\s*# (.*:\d+)")
_TOO_LARGE = ("Message too long", "No buffer space available")
"""Of sendmsg(2) on netlink: net/netlink/af_netlink.c, `netlink_sendmsg`. nft 1.0.6 can only force a larger buffer, and later
ones ask for it before (src/mnl.c, `mnl_set_sndbuffer`).
"""


class LoadError(NftError):
    """nft refused a transaction, and nothing of it is loaded."""

    def __init__(self, text: str, said: str) -> None:
        self.said = said
        self.line = _line(said)
        """Of the text, from 1."""
        self.place = None if self.line is None else place(text, self.line)
        """`file:line` of the declaration."""
        super().__init__(complaint(said, text))


def load(text: str) -> None:
    """Load it in the network namespace of the calling thread, all or nothing. Raises LoadError, NftError."""
    if not text:
        return
    done = run([NFT, "-f", "-"], text)
    if done.returncode:
        raise LoadError(text, done.stderr)


def complaint(said: str, text: str) -> str:
    """What nft said, for a person, in one line: with the place of what it is about."""
    if any(words in said for words in _TOO_LARGE):
        size = len(text.encode(errors="surrogateescape"))
        return (
            f"the change is too large for one message to the kernel ({size >> 10} KiB of text): the send buffer that nft has "
            "without CAP_NET_ADMIN in the first user namespace is that of the machine's sysctl net.core.wmem_default, or "
            f"with a newer nft net.core.wmem_max; set both to {_buffer(size)} there, or apply the file as root"
        )
    found = _WHERE.search(said)
    if found is None:
        lines = [line for line in said.splitlines() if line.strip()]
        return f"nft: {lines[0].removeprefix('Error: ') if lines else 'it failed, and does not say why'}"
    number = int(found[1])
    lines = text.splitlines()
    line = lines[number - 1].strip() if number <= len(lines) else ""
    of = place(text, number)
    return f"{f'{of}: ' if of else ''}nft: {found[3]}, in `{line}`"


def _buffer(size: int) -> int:
    """Bytes that are enough for a text of so many, as a power of two: elements take half of their text, rules its triple."""
    return 1 << (3 * size).bit_length()


def place(text: str, number: int) -> str | None:
    """The place that a line of a text is from: in its own comment, or in the nearest one above that stands alone."""
    lines = text.splitlines()[:number]
    if not lines:
        return None
    for pattern in _PLACES:
        if found := pattern.search(lines[-1]):
            return found[1]
    for line in reversed(lines):
        if line == EVERY_HOST:
            return None
        if found := _ABOVE.fullmatch(line):
            return found[1]
    return None


def _line(said: str) -> int | None:
    found = _WHERE.search(said)
    return None if found is None else int(found[1])
