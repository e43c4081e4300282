"""Columnar tables for what comes in many rows: endpoints, EIPs, port forwards, neighbours, routes.

A model object per row costs tens of times the time and memory of a column entry, so rows exist only while somebody
reads one: a table keeps one list per field, and a row is a NamedTuple made on demand. Checks and lowering that must be
fast take whole columns; everything else iterates over rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat
from typing import Any, Generic, NamedTuple, TypeVar

Row = TypeVar("Row", bound=NamedTuple)


class Table(Generic[Row]):
    """Rows of one NamedTuple type, stored by column in the order of the type's fields."""

    __slots__ = ("_columns", "_row")

    def __init__(self, row: type[Row], rows: Iterable[Row] = ()) -> None:
        self._row = row
        # A NamedTuple type has `_fields` and `_make`, which typing does not tell of a bound type variable.
        self._columns: tuple[list[Any], ...] = tuple([] for _ in row._fields)
        self.extend(rows)

    @property
    def row(self) -> type[Row]:
        return self._row

    def append(self, row: Row) -> None:
        for column, value in zip(self._columns, row, strict=True):
            column.append(value)

    def extend(self, rows: Iterable[Row]) -> None:
        """Append many at once, column by column."""
        for column, values in zip(self._columns, zip(*rows, strict=True), strict=False):  # no rows have no columns
            column.extend(values)

    def column(self, name: str) -> Sequence[Any]:
        """One field of all rows. Not a copy: read only."""
        return self._columns[self._row._fields.index(name)]

    def repeats(self, *names: str) -> bool:
        """True if two rows have the same in all of these fields."""
        keys = set(zip(*(self.column(name) for name in names), strict=True))
        return len(keys) < len(self)

    def sorted(self, *names: str) -> Table[Row]:
        """The same rows ordered by these fields."""
        keys = list(zip(*(self.column(name) for name in names), strict=True))
        result = Table(self._row)
        order = sorted(range(len(self)), key=keys.__getitem__)
        result._columns = tuple([column[i] for i in order] for column in self._columns)
        return result

    def __len__(self) -> int:
        return len(self._columns[0])

    def __getitem__(self, index: int) -> Row:
        return self._row._make(column[index] for column in self._columns)

    def __iter__(self) -> Iterator[Row]:
        # As `_make`, which is a call of Python for each row.
        return map(tuple.__new__, repeat(self._row), zip(*self._columns, strict=True))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Table) and self._row is other._row and self._columns == other._columns

    __hash__ = None  # type: ignore[assignment]  # tables are mutable

    def __repr__(self) -> str:
        return f"Table({self._row.__name__}, {len(self)} rows)"
