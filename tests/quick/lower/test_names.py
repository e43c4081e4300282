"""Names in the nft table."""

import re

from hypothesis import given
from hypothesis import strategies as st

from flowc.lower import names

NFT_IDENTIFIER = re.compile(r"[A-Za-z_.][A-Za-z0-9/\\_.-]*\Z")
"""nftables: src/scanner.l, `string`."""

anything = st.text(min_size=1, max_size=12) | st.text(min_size=60, max_size=64)


@given(anything, anything)
def test_every_pair_of_names_gives_an_identifier_of_nft(source: str, target: str) -> None:
    name = names.chain("policy", source, target)
    assert NFT_IDENTIFIER.match(name)
    assert len(name) <= names.LONGEST


@given(anything, anything, anything, anything)
def test_different_pairs_give_different_chains(a: str, b: str, c: str, d: str) -> None:
    assert (names.chain("policy", a, b) == names.chain("policy", c, d)) == ((a, b) == (c, d))


def test_a_long_zone_has_the_same_words_behind_every_kind_of_chain() -> None:
    """The ruleset makes the name of one chain of a zone from that of another."""
    zone = "!" * 64
    assert names.chain("nat", zone).removeprefix("nat") == names.chain("back", zone).removeprefix("back")
