"""docs/facts.md describes each key of the document, and its documents are facts."""

from __future__ import annotations

import pytest
from tests.quick.docs.pages import REPO, Page

from flowc.facts import Address, Facts, Kernel, Link, Listener, Missing, Neighbor, NextHop, Route, Tools, TunnelEnds
from flowc.facts.document import parse_facts

PAGE = Page(REPO / "docs" / "facts.md")
MODELS = (Facts, Kernel, Tools, Link, TunnelEnds, Address, Route, NextHop, Neighbor, Listener, Missing)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_key_is_described(model: type[Facts]) -> None:
    described = {code for _, code in PAGE.code_spans()}
    assert set(model.model_fields) - described == set()


def test_documents_of_the_page_are_facts() -> None:
    documents = [block for block in PAGE.blocks if block.language == "json"]
    assert documents
    for block in documents:
        assert parse_facts(block.text, f"{PAGE}:{block.line}").hostname
