"""Which statement a place of a file is in, and by what it is known in another version of the file."""

from __future__ import annotations

import pytest

from flowc.delta.statements import Statement, Statements
from flowc.source import Source

FILE = """\
# a comment with { and "
host gw1 {
    interface lan { device eth1; address 10.0.0.1/24 }  # the LAN
    policy inside -> outside { accept tcp {80, 443}; drop log "{" }
    tunnel t {
        type gretap     # over the uplink
        key  7
        from {10.0.0.0/8,
              192.168.0.0/16}
    }
}
nat a -> b {
    snat 10.0.0.0/24 -> 192.0.2.1
}
"""


def statement(text: str, *, is_table: bool = False) -> Statement:
    source = Source("gw.flow", FILE, is_table=is_table)
    start = FILE.index(text)
    return Statements().of(source.span(start, start + len(text)))


@pytest.mark.parametrize(
    ("text", "name", "told"),
    [
        ("inside -> outside", "policy inside -> outside", "policy inside -> outside"),
        ("accept tcp {80, 443}", "policy inside -> outside: accept tcp {80, 443}", None),
        ('drop log "{"', 'policy inside -> outside: drop log "{"', None),
        ("snat 10.0.0.0/24 -> 192.0.2.1", "nat a -> b: snat 10.0.0.0/24 -> 192.0.2.1", None),
        (
            "interface lan { device eth1; address 10.0.0.1/24 }",
            "interface lan",
            "interface lan { device eth1; address 10.0.0.1/24 }",
        ),
        (
            FILE[FILE.index("tunnel t") : FILE.index("    }\n}\nnat") + 5],
            "tunnel t",
            "tunnel t { type gretap; key 7; from {10.0.0.0/8, 192.168.0.0/16} }",
        ),
    ],
)
def test_a_place_is_told_in_one_line_with_the_block_around_it(text: str, name: str, told: str | None) -> None:
    found = statement(text)
    assert (found.name, found.text) == (name, told or name)


def test_a_row_of_a_table_is_its_line() -> None:
    found = statement("key  7", is_table=True)
    assert found.text == "key  7"
