"""Every node knows exactly where it was written."""

from __future__ import annotations

import pytest
from tests.mutations import origins
from tests.quick.syntax.helpers import clean, nodes
from tests.quick.syntax.test_tree import TREES

from flowc.source import Span
from flowc.syntax import tree

TEXTS = [*TREES, *origins().values()]


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_a_leaf_spans_what_was_written(text: str) -> None:
    for node in nodes(clean(text).statements):
        match node:
            case tree.Name(quoted=True) | tree.String():
                assert node.span.text == f'"{node.text}"'
            case tree.Name() | tree.Address() | tree.Mac():
                assert node.span.text == node.text
            case tree.Number():
                assert int(node.span.text, 0) == node.value
            case tree.Version():
                assert node.span.text == f"{node.major}.{node.minor}"


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_a_node_spans_its_parts_and_no_space_around_them(text: str) -> None:
    for node in nodes(clean(text).statements):
        span = getattr(node, "span")  # noqa: B009 - nodes have one
        assert isinstance(span, Span)
        assert span.text == span.text.strip() != ""
        for part in nodes(node):
            inner = getattr(part, "span")  # noqa: B009
            assert span.start <= inner.start <= inner.end <= span.end


@pytest.mark.parametrize("text", TREES)
def test_a_statement_spans_itself(text: str) -> None:
    (statement,) = clean(f"  \n {text} # comment\n").statements
    assert statement.span.text == text


def test_lines_and_columns_count_from_one() -> None:
    file = clean("vrf a { table 1 }\n\n  zone lan {\n interface x }")
    zone = file.statements[1]
    assert isinstance(zone, tree.Zone)
    assert zone.span.source.position(zone.name.span.start) == (3, 8)
    assert str(zone.members[0].span) == "t.flow:4"
