"""Tables hold rows by column."""

from typing import NamedTuple

import pytest

from flowc.ir.tables import Table


class Pair(NamedTuple):
    name: str
    number: int


def table() -> Table[Pair]:
    """Three rows, unsorted."""
    return Table(Pair, [Pair("b", 2), Pair("a", 3), Pair("a", 1)])


def test_rows_are_made_from_columns() -> None:
    assert list(table()) == [Pair("b", 2), Pair("a", 3), Pair("a", 1)]
    assert table()[1].number == 3
    assert len(table()) == 3


def test_a_column_is_one_field_of_all_rows() -> None:
    assert list(table().column("number")) == [2, 3, 1]
    with pytest.raises(ValueError, match="not in"):
        table().column("nothing")


def test_sorting_does_not_change_the_table_itself() -> None:
    one = table()
    assert list(one.sorted("name", "number")) == [Pair("a", 1), Pair("a", 3), Pair("b", 2)]
    assert one == table()
    assert one != one.sorted("name")
