"""Leaves in the words of the language. Each function uses up all fields of its leaf: a new one fails here."""

from __future__ import annotations

from typing import Any


def ports_text(ranges: tuple[tuple[int, int], ...]) -> str:
    """As they stand behind a protocol: nothing, one, or a set."""
    each = [str(low) if low == high else f"{low}-{high}" for low, high in ranges]
    return each[0] if len(each) == 1 else "{" + ", ".join(each) + "}" if each else ""


def ports(leaf: dict[str, Any]) -> str:
    return _all(leaf, f"{leaf.pop('protocol')} {ports_text(leaf.pop('ports'))}")


def icmp(leaf: dict[str, Any]) -> str:
    family, kind = leaf.pop("family"), leaf.pop("type")
    return _all(leaf, f"icmp{f'v{family}' if family else ''} {kind or ''}")


NAMED = {47: "gre", 50: "esp", 51: "ah"}


def protocol(leaf: dict[str, Any]) -> str:
    number = leaf.pop("number")
    return _all(leaf, NAMED.get(number, f"protocol {number}"))


def limit(leaf: dict[str, Any]) -> str:
    source = " per source" if leaf.pop("per_source") else ""
    return _all(leaf, f"limit {_rate(leaf)}{source}")


def connections(leaf: dict[str, Any]) -> str:
    source = " per source" if leaf.pop("per_source") else ""
    return _all(leaf, f"connections {leaf.pop('count')}{source}")


def log(leaf: dict[str, Any], *, prefix: bool, rate: bool) -> str:
    """With what shall be said of it."""
    text, often = leaf.pop("prefix"), leaf.pop("rate")
    said = f'log "{text}"' if prefix else "log"
    return _all(leaf, f"{said} rate {_all(often, _rate(often))}" if rate else said)


def _rate(leaf: dict[str, Any]) -> str:
    burst = leaf.pop("burst")
    return f"{leaf.pop('rate')}/{leaf.pop('unit')}" + (f" burst {burst}" if burst else "")


def _all(leaf: dict[str, Any], text: str) -> str:
    assert not leaf, f"the generator does not know what to do with {sorted(leaf)}"
    return text.strip()
