"""Values of the IR's own types, without spans: each field is drawn by its type, or by what is said of it here."""

from __future__ import annotations

import types
from collections.abc import Mapping
from enum import Enum
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from flowc.ir.helpers import HELPERS
from flowc.ir.icmp import ICMP_TYPES, ICMPV6_TYPES
from flowc.ir.policy import Connections, Icmp, Limit, Log, Ports, Protocol, Rate
from flowc.source import Span

PORT = st.integers(1, 65535)
SMALL = st.sampled_from((1, 22, 53, 80, 443, 8080, 20000))


@st.composite
def port_ranges(draw: st.DrawFn) -> tuple[tuple[int, int], ...]:
    """Sorted, disjoint and not adjacent."""
    edges = sorted(draw(st.sets(st.integers(1, 30000).map(lambda n: 2 * n), max_size=4)))
    pairs = list(zip(edges[::2], edges[1::2], strict=False))
    single = [
        (port, port)
        for port in draw(st.sets(SMALL, max_size=2))
        if all(not low - 1 <= port <= high + 1 for low, high in pairs)
    ]
    return tuple(sorted([*pairs, *single]))


VALUES: dict[tuple[type, str], SearchStrategy[Any]] = {
    (Ports, "ports"): port_ranges(),
    (Protocol, "number"): st.sampled_from((2, 4, 41, 47, 50, 51, 89, 112, 255)),
    (Limit, "rate"): st.integers(1, 1000),
    (Limit, "burst"): st.none() | st.integers(1, 1000),
    (Rate, "rate"): st.integers(1, 1000),
    (Rate, "burst"): st.none() | st.integers(1, 1000),
    (Connections, "count"): st.integers(1, 1000),
    (Log, "prefix"): st.sampled_from(("in", "flowc drop", "a.b-c")),
}
"""What no type says."""


def icmp_type(family: int | None) -> SearchStrategy[str | None]:
    """Types that the family has; those of both where none is said."""
    names = sorted(
        {4: ICMP_TYPES.keys(), 6: ICMPV6_TYPES.keys(), None: ICMP_TYPES.keys() & ICMPV6_TYPES.keys()}[family]
    )
    return st.none() | st.sampled_from(names)


def fields_of(model: type[Any]) -> Mapping[str, Any]:
    """The types of a model's fields, but for where it was written."""
    hints = get_type_hints(model)
    named = getattr(model, "model_fields", hints)
    return {name: hints[name] for name in named if hints[name] not in (Span, Span | None)}


def of(model: type[Any]) -> SearchStrategy[dict[str, Any]]:
    """All fields of a model by name. Raises TypeError for one that neither its type nor `VALUES` tells the values of."""
    return st.fixed_dictionaries(
        {
            name: VALUES[model, name] if (model, name) in VALUES else of_type(hint)
            for name, hint in fields_of(model).items()
        }
    )


def of_type(hint: Any) -> SearchStrategy[Any]:  # noqa: ANN401 - a type of any kind
    """The values of a type that has few."""
    if hint is bool:
        return st.booleans()
    if hint is type(None):
        return st.none()
    if get_origin(hint) is Literal:
        return st.sampled_from(get_args(hint))
    if get_origin(hint) in (Union, types.UnionType):
        return st.one_of([of_type(one) for one in sorted(get_args(hint), key=lambda one: one is not type(None))])
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from(list(hint))
    if isinstance(hint, type) and hasattr(hint, "model_fields"):
        return of(hint)
    raise TypeError(f"nothing tells the values of {hint}")


def icmp(within: int | None) -> SearchStrategy[dict[str, Any]]:
    """ICMP with a type that it has: of a family or of both, or where the rule is about one family, of that or of both."""
    families = of_type(fields_of(Icmp)["family"]).filter(lambda family: within is None or family in (None, within))
    return families.flatmap(
        lambda family: st.fixed_dictionaries({"family": st.just(family), "type": icmp_type(family)})
    )


HELPER = st.sampled_from(sorted(HELPERS))
