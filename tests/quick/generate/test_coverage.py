"""Generated files use all of the language: what is new in the grammar or in the IR fails here until it is drawn."""

from __future__ import annotations

import pytest
from tests.generate.coverage import Production, Use, productions, seen_in, used, wanted
from tests.generate.seeded import examples
from tests.generate.strategies import checked_parts, drawn_parts

from flowc.ir.network import Network

MOST = 1500
"""Files to look for something in."""
STEP = 100
LEAST_ACCEPTED = 0.9

NO_FILE: dict[Production, str] = {
    ("_declaration", ("rows",)): "the same words, read by the line (flowc.syntax.bulk)",
    ("rows", ("ROWS",)): "the same words, read by the line (flowc.syntax.bulk)",
    ("_block{endpoint_property}", ("LBRACE", "RBRACE")): "an endpoint has an address and an interface",
    ("_block{endpoint_property}", ("LBRACE", "endpoint_property", "RBRACE")): "an endpoint has both",
    ("_block{tunnel_property}", ("LBRACE", "RBRACE")): "a tunnel has a type",
    ("_block{tunnel_property}", ("LBRACE", "tunnel_property", "RBRACE")): "a tunnel has ends as well",
    ("_block{vrf_property}", ("LBRACE", "RBRACE")): "a VRF has a table",
    (
        "___block{vrf_property}_star_10",
        ("___block{vrf_property}_star_10", "vrf_property"),
    ): "a VRF has two options, each once",
    ("_packet_way", ("packet_end", "_ARROW", "packet_end")): "a packet without `from` is an error",
}
"""Productions that no accepted file is reduced by, and why."""
NO_NETWORK: dict[Use, str] = {}
"""Fields of the IR that no accepted file fills, and why."""


@pytest.mark.slow
def test_generated_files_use_all_of_the_grammar_and_of_the_ir() -> None:
    missing: set[object] = (productions() - NO_FILE.keys()) | (wanted(Network) - NO_NETWORK.keys())
    unused: set[object] = {*NO_FILE, *NO_NETWORK}
    drawn = accepted = 0
    while missing and drawn < MOST:
        for texts in examples(drawn_parts(loadable=False), drawn, STEP):
            drawn += 1
            result = checked_parts(texts)
            if result.diagnostics.has_errors:
                continue
            accepted += 1
            found: set[object] = set(seen_in(result.network))
            found.update(*(used(text) for name, text in texts.items() if name.endswith(".flow")))
            missing -= found
            unused -= found
    print(f"{accepted} of {drawn} files accepted")
    assert not missing, "\n".join(sorted(map(str, missing)))
    assert unused == {*NO_FILE, *NO_NETWORK}
    assert accepted >= LEAST_ACCEPTED * drawn


def test_what_is_exempt_is_in_the_grammar_and_the_ir() -> None:
    assert productions() > NO_FILE.keys()
    assert wanted(Network) > NO_NETWORK.keys()
