"""Messages of pyroute2's classes as bytes: what their `encode` makes, without an object for each attribute.

The classes say what an attribute is called, its number and its type, and that is all that is used of them here.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from socket import AF_INET, AF_INET6, inet_pton
from typing import Any, NamedTuple

from flowc.backends.netlink.wire import attribute

_NUMBERS = {
    "uint8": "=B", "uint16": "=H", "uint32": "=I", "uint64": "=Q", "int32": "=i", "be16": ">H", "be32": ">I"
}  # fmt: skip
_PLAIN: dict[str, Callable[[Any], bytes]] = {
    **{name: struct.Struct(form).pack for name, form in _NUMBERS.items()},
    "asciiz": lambda value: value.encode() + b"\0",
    "cdata": bytes,
    "ip4addr": lambda value: inet_pton(AF_INET, value),
    "ip6addr": lambda value: inet_pton(AF_INET6, value),
    "l2addr": lambda value: bytes.fromhex(value.replace(":", "")),
}
"""How values are packed, by what pyroute2 calls their type."""


class _Attribute(NamedTuple):
    number: int
    """With its flags."""
    plain: Callable[[Any], bytes] | None
    nested: Any
    """The class of what is nested, or the function that finds it from the attributes before."""


class _Layout(NamedTuple):
    names: tuple[str, ...]
    fields: struct.Struct
    behind: Callable[[Any], bytes] | None
    """What a class puts behind its fields."""
    attributes: Mapping[str, _Attribute]


class _Before:
    """The attributes of a message as the classes ask for them."""

    hex = None
    """Of what has no class: it is read, and never written."""

    def __init__(self, attributes: Sequence[tuple[str, Any]]) -> None:
        self._found = dict(attributes)

    def get_attr(self, name: str) -> Any:  # noqa: ANN401  # any value
        return self._found.get(name)


def packed(kind: type[Any], fields: Mapping[str, Any], attributes: Sequence[tuple[str, Any]] = ()) -> bytes:
    """A message behind its header: its fields, those that are not given 0, and its attributes."""
    layout = _layout(kind)  # type: ignore[arg-type]  # a class is hashable
    body = layout.fields.pack(*[fields.get(name, 0) for name in layout.names])
    if layout.behind is not None:
        body += layout.behind(fields)
    return body + b"".join([_packed(layout, attributes, name, value) for name, value in attributes])


def _packed(layout: _Layout, attributes: Sequence[tuple[str, Any]], name: str, value: Any) -> bytes:  # noqa: ANN401  # any value
    number, plain, nested = layout.attributes[name]
    if plain is not None:
        return attribute(number, plain(value))
    kind: Any = nested if isinstance(nested, type) else nested(_Before(attributes))
    return attribute(number | kind.nla_flags, packed(kind, value, value.get("attrs", ())))


@cache
def _layout(kind: type[Any]) -> _Layout:
    names = tuple(name for name, _ in kind.fields)
    forms = "".join(form for _, form in kind.fields)
    attributes = {}
    for place, entry in enumerate(kind.nla_map):
        number, name, of, *flags = entry if isinstance(entry[0], int) else (place, *entry)
        nested = None if of in _PLAIN else getattr(kind, of, None)
        attributes[name] = _Attribute(number | sum(flags), _PLAIN.get(of), nested)
    return _Layout(names, struct.Struct(f"={forms}"), getattr(kind, "behind", None), attributes)
