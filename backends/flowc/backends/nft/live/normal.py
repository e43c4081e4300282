"""Elements in one spelling: that of `datatypes.Decoder`. What lowering writes is mostly in it, and left as it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from socket import AF_INET6, inet_ntop, inet_pton

from flowc.backends.nft.live.datatypes import PROTOCOLS
from flowc.hoststate.sets import NftSet
from flowc.ir.addresses import WIDTH, format_address, format_range, parse_address

_PART = r'(?:"[^"\n]*"|[0-9]+(?:\.[0-9]+){3}|[0-9a-f]{2}(?::[0-9a-f]{2}){5}|(?!0[0-9x])[0-9]+|tcp|udp|sctp)'
_ALIKE = re.compile(rf"(?:{_PART}(?: \. {_PART})*+\n)*+")
"""Lines of what is in that spelling for sure. Protocols that are numbers are none of flowc's."""
_MAC = re.compile(r"[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}")
_VERDICTS = frozenset({"accept", "drop", "continue", "return", "break", "jump", "goto"})
_PROTOCOL_NUMBERS = {str(number): name for number, name in PROTOCOLS.items()}


def elements(one: NftSet) -> tuple[list[str], list[str]]:
    """Keys and values of a set."""
    at = None
    if " meta l4proto" in f" {one.key}":
        at = one.key.split(" . ").index("meta l4proto")
    keys = _texts(one.keys, lambda text: key(text, at))
    if one.value is None:
        return keys, []
    if one.value == "verdict":
        return keys, one.values
    return keys, _texts(one.values, prefix if one.value.startswith("interval ") else key)


def key(text: str, protocol: int | None = None) -> str:
    """A key, or a value; `protocol` is the place of the part that is one."""
    parts = text.split(" . ")
    found = [part(one) for one in parts]
    if protocol is not None and protocol < len(found):
        found[protocol] = _PROTOCOL_NUMBERS.get(found[protocol], found[protocol])
    return " . ".join(found)


def prefix(text: str) -> str:
    """A value of a map to prefixes: of one address, too, it says that it is one."""
    found = part(text)
    return found if "/" in found or "-" in found else f"{found}/{WIDTH[6 if ':' in found else 4]}"


def part(text: str) -> str:
    """An address, prefix or range of them, a number or a range of numbers, a MAC address, or a word."""
    if ":" in text:
        with suppress(OSError):  # a prefix, a range, or a MAC address
            return inet_ntop(AF_INET6, inet_pton(AF_INET6, text))
    return _other(text)


@lru_cache(maxsize=1 << 16)
def _other(text: str) -> str:
    if text.startswith('"') or text in _VERDICTS:
        return text
    if _MAC.fullmatch(text):
        return text.lower()
    try:
        if "/" in text:
            address, _, length = text.partition("/")
            family, number = parse_address(address)
            size = 1 << (WIDTH[family] - int(length))
            low = number & -size
            return format_range(family, low, low + size - 1)
        low_text, dash, high_text = text.partition("-")
        if "." in low_text or ":" in low_text:
            family, low = parse_address(low_text)
            return format_range(family, low, parse_address(high_text)[1]) if dash else format_address(family, low)
        first = _number(low_text)
        last = _number(high_text) if dash else first
    except ValueError:
        return text
    return str(first) if first == last else f"{first}-{last}"


def _number(text: str) -> int:
    return int(text, 16) if text.startswith("0x") else int(text)


def _texts(texts: list[str], spelt: Callable[[str], str]) -> list[str]:
    if spelt is not prefix and _ALIKE.fullmatch("\n".join([*texts, ""])):
        return texts
    return [spelt(text) for text in texts]
