"""Files damaged at random, without end: several mistakes at once, bytes, words, and the cells of tables.

What `tests.mutations` makes are files that people write; these are what editors, disks, merges and generators make of
them. The same number is always the same files.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from tests.mutations import FOREIGN, MISTAKES, TOKEN, Text, origins

TOP = "top.flow"

TABLES = {
    TOP: """\
host gw { kernel 6.1; offload off }
vrf blue { table 1000 }
interface lan { device eth0; address 10.0.0.1/24, fd00::1/64; vrf blue }
interface up { device eth1; address 192.0.2.2/24, 2001:db8::2/64 }
zone tenant { interface lan }
zone internet { interface up }
pool public 203.0.113.0/24, 2001:db8:7::/64 at internet
policy internet -> tenant { accept tcp 80 via eip; accept }
policy tenant -> internet { accept }
endpoints from "endpoints.csv"
eips from "eips.csv"
neighbors from "neighbors.csv"
routes from "routes.csv"
forwards from "forwards.csv"
""",
    "endpoints.csv": """\
name,address,interface,mac
vm1,10.0.0.10,lan,52:54:00:00:00:01
vm2,10.0.0.11,lan,52:54:00:00:00:02
vm3,fd00::12,lan,
""",
    "eips.csv": "address,target,vrf\n203.0.113.1,vm1,\n203.0.113.2,10.0.0.77,blue\n2001:db8:7::2,vm3,\n",
    "neighbors.csv": "address,interface,mac\n10.0.0.77,lan,52:54:00:00:00:77\n192.0.2.1,up,\n",
    "routes.csv": "destination,via,interface,vrf\ndefault,192.0.2.1,up,\ndefault,192.0.2.1,up,blue\n10.9.0.0/16,vm1,lan,blue\n",
    "forwards.csv": """\
address,target,from,to,protocol,ports,target_ports
203.0.113.9,vm1,internet,tenant,tcp,8080,80
203.0.113.9,vm2,internet,tenant,udp,5000-5009,6000-6009
203.0.113.10,10.0.0.78,internet,tenant,,,
""",
}
"""A host with a table of each kind."""

CELLS = ["", " ", '"', '"a""b"', "vm1", "lan", "blue", "none", "0", "-1", "65536", "9" * 40, "80-79", "10.0.0.10", "::", "fd00::/200",
         "managed", "default", "255.255.255.255", "zz:zz", "tcp, udp", "\x00", "\N{GREEK SMALL LETTER ALPHA}", "x" * 300]  # fmt: skip


class Damaged(NamedTuple):
    number: int
    how: str
    files: Mapping[str, bytes]

    def read(self, path: Path) -> bytes:
        """What stands for the disk. Raises OSError like one."""
        try:
            return self.files[str(path)]
        except KeyError:
            raise FileNotFoundError(2, "No such file or directory", str(path)) from None


def several_mistakes(rng: random.Random) -> dict[str, bytes]:
    """Two or three of those that people make."""
    text = rng.choice([*origins().values()])
    for mistake in rng.sample(MISTAKES, rng.randint(2, 3)):
        words = Text(text)
        if len(words.solid) > 40 and words.statements and words.signs("accept") and words.options():
            text = mistake(words, rng) or text
    return {TOP: text.encode()}


def damaged_bytes(rng: random.Random) -> dict[str, bytes]:
    """A few bytes of a file turned, doubled, lost or moved."""
    return {TOP: in_bytes(rng.choice([*origins().values()]).encode(), rng)}


def in_bytes(data: bytes, rng: random.Random) -> bytes:
    """One to five pieces of up to eight bytes changed."""
    for _ in range(rng.randint(1, 5)):
        at = rng.randrange(len(data) + 1)
        end = at + rng.randint(1, 8)
        other = rng.randrange(len(data) + 1)
        piece = rng.choice(
            [
                bytes(rng.randrange(256) for _ in range(rng.randint(1, 3))),
                bytes(rng.randrange(32, 127) for _ in range(rng.randint(1, 3))),
                rng.choice(FOREIGN).encode(),
                bytes(byte ^ 1 << rng.randrange(7) for byte in data[at:end]),
                data[at:end] * 2,
                data[other : other + rng.randint(1, 200)],
                b"",
            ]
        )
        data = data[:at] + piece + data[end:]
    return data


def damaged_words(rng: random.Random) -> dict[str, bytes]:
    """Words of a file lost, doubled, swapped, or taken from another file."""
    one, other = (TOKEN.findall(rng.choice([*origins().values()])) for _ in range(2))
    words, donor = (["".join(groups) for groups in tokens] for tokens in (one, other))
    for _ in range(rng.randint(1, 6)):
        at, end = rng.randrange(len(words)), rng.randint(1, 6)
        source = rng.choice([words, donor])
        begin = rng.randrange(len(source))
        taken = source[begin : begin + rng.choice([0, 1, 1, 2, 5, 40])]
        words[at : at + rng.choice([0, 1, 1, end])] = [*taken, rng.choice(["", " ", "\n"])]
    return {TOP: "".join(words).encode()}


def damaged_tables(rng: random.Random) -> dict[str, bytes]:
    """A table with cells, columns or bytes that do not belong there."""
    name = rng.choice([name for name in TABLES if name != TOP])
    lines = [re.split(r",(?! )", line) for line in TABLES[name].splitlines()]
    for _ in range(rng.randint(1, 3)):
        row = rng.choice(lines)
        at = rng.randrange(len(row) or 1)
        match rng.randrange(4):
            case 0:
                row[at : at + 1] = [rng.choice(CELLS)]
            case 1:
                row[at : at + 1] = []
            case 2:
                row.insert(at, rng.choice(CELLS))
            case _:
                lines.insert(rng.randrange(len(lines) + 1), list(row))
    data = "\n".join(",".join(row) for row in lines).encode()
    files = {path: text.encode() for path, text in TABLES.items()}
    return files | {name: in_bytes(data, rng) if rng.random() < 0.3 else data + b"\n"}


WAYS: tuple[Callable[[random.Random], dict[str, bytes]], ...] = (
    several_mistakes,
    damaged_bytes,
    damaged_words,
    damaged_tables,
)


def damaged(number: int) -> Damaged:
    """The files of this number."""
    way = WAYS[number % len(WAYS)]
    rng = random.Random(number)  # noqa: S311  # reproducible on purpose
    return Damaged(number, way.__name__.replace("_", " "), way(rng))
